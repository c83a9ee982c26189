"""A person who uses the account over HTTP, without a browser: quick, and able to misbehave."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.languages import SOURCE, offered
from tests.support.authenticator import Authenticator
from tests.support.catalogs import spoken
from tests.support.clock import Clock
from tests.support.product import CONSOLE, TWO_STEP, Product
from tests.support.remote import RemoteClient, RemoteResponse
from tests.support.smtp import Inbox, Letter

if TYPE_CHECKING:
    from tests.support.states import States

PASSWORD = "orange kettle drives north"
EMAIL = "mina.park@example.com"

Response = TestResponse | RemoteResponse

_INPUT = re.compile(r"<input[^>]*>")
_CODE = re.compile(r"<li>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</li>")


class Person:
    """One browser of one person.

    :param htmx: asks as htmx does, for fragments.
    :param email: the address that the journeys take where they are given none; by default Mina's.
    :param client: how *app* is asked; by default in this process.
    :param product: what *app* is to the people in it.
    :param states: what spares :meth:`sign_up` and :meth:`activate` the way.
    :param languages: what the browser says in ``Accept-Language``; nothing if empty.
    """

    def __init__(
        self,
        app: Flask,
        inbox: Inbox,
        clock: Clock,
        *,
        htmx: bool = True,
        email: str = "",
        client: FlaskClient | RemoteClient | None = None,
        languages: str = "",
        product: Product = CONSOLE,
        states: States | None = None,
    ) -> None:
        self.app, self.inbox, self.clock, self.htmx = app, inbox, clock, htmx
        self.email = email or product.email
        self.languages, self.product = languages, product
        self.client: FlaskClient | RemoteClient = client or app.test_client()
        self.page = ""
        self._host = str(app.config["SERVER_NAME"]).partition(":")[0]
        self.app_on_phone: Authenticator | None = None
        self.recovery_codes: list[str] = []
        # What is copied is what the first one walked: with htmx, in English, at the address of all journeys.
        self._states = states if htmx and not languages and not client else None

    # HTTP

    def get(self, url: str, **options: Any) -> Response:
        headers = self._headers(options)
        return self._keep(self.client.get(url, headers=headers, buffered=True, **options))

    def post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> Response:
        """Post *data* with the hidden fields that the last page held, as a form would."""
        fields = {**self.hidden(url), **(data or {})}
        return self._keep(self.client.post(url, data=fields, headers=self._headers(options), **options))

    def hidden(self, url: str = "") -> dict[str, str]:
        """The hidden fields of the page's form that posts to *url*; of the whole page if none does."""
        forms = re.findall(r"<form[^>]*>.*?</form>", self.page, re.DOTALL)
        heads = [unescape(form.split(">")[0] + ">") for form in forms]
        own = [
            form
            for form, head in zip(forms, heads, strict=True)
            if f'action="{url}"' in head and 'method="post"' in head
        ]
        fields = {}
        for tag in _INPUT.findall(own[0] if own else self.page):
            if 'type="hidden"' in tag:
                name = re.search(r'name="([^"]*)"', tag)
                value = re.search(r'value="([^"]*)"', tag)
                assert name
                fields[name[1]] = unescape(value[1]) if value else ""
        return fields

    def cookie(self) -> str:
        """The signed session cookie as the browser holds it."""
        kept = self.client.get_cookie(self.product.session_cookie, domain=self._host)
        return kept.value if kept else ""

    def cookies(self) -> list[dict[str, str]]:
        """All that the browser holds, as another one takes it."""
        names = self.product.session_cookie, self.product.device_cookie, self.product.remembered_cookie
        kept = (self.client.get_cookie(name, domain=self._host) for name in names)
        url = f"http://{self.app.config['SERVER_NAME']}"
        return [{"name": one.key, "value": one.value, "url": url} for one in kept if one]

    def put_cookie(self, value: str) -> None:
        """Put an older, or another's, session cookie into the browser."""
        self.client.set_cookie(self.product.session_cookie, value, domain=self._host)

    def remembered_cookie(self) -> str | None:
        """What the browser holds of who is remembered in it."""
        kept = self.client.get_cookie(self.product.remembered_cookie, domain=self._host)
        return kept.value if kept else None

    def put_remembered_cookie(self, value: str) -> None:
        """Put an older, or another's, into the browser."""
        self.client.set_cookie(self.product.remembered_cookie, value, domain=self._host)

    def forget_device(self) -> None:
        """Delete the cookie that makes this browser a known device."""
        self.client.delete_cookie(self.product.device_cookie, domain=self._host)

    def _say(self, text: str) -> str:
        return spoken(self.languages if self.languages in offered() else SOURCE).gettext(text)

    def _letter(self, subject: str, to: str) -> Letter:
        return self.inbox.wait_for(
            self._say(subject) % {"product": self.app.config.get("PRODUCT_NAME", self.product.name)}, to=to
        )

    def _headers(self, options: dict[str, Any]) -> dict[str, str]:
        headers: dict[str, str] = options.pop("headers", {})
        if self.languages:
            headers = {"Accept-Language": self.languages, **headers}
        return {"HX-Request": "true", **headers} if self.htmx else headers

    def _keep(self, response: Response) -> Response:
        is_notice = response.headers.get("HX-Retarget") == "#mfa-notice"
        if response.mimetype == "text/html" and response.text and not is_notice:
            self.page = response.text
        return response

    # Journeys

    def sign_up(self, email: str | None = None, password: str = PASSWORD) -> Person:
        """Have an account and be signed in: by a copy where nothing else has happened, else all the way."""
        self.email = email = email or self.email
        if not self.product.signs_up:
            assert entered(self.sign_in(email, password))
            return self
        return self.reach(f"sign up with {password}", lambda person: person._sign_up(email, password))

    def _sign_up(self, email: str, password: str) -> None:
        self.get("/sign-up")
        assert self.post("/sign-up", {"email": email}).status_code == 200
        path = self._letter("Create your %(product)s account", email).path
        self.get(path)
        response = self.post(path, {"name": "Mina Park", "password": password})
        assert response.headers.get("HX-Redirect", response.headers.get("Location")) == "/"

    def reach(self, name: str, way: Callable[[Person], object]) -> Person:
        """Be where *way* leads: by a copy where nothing else has happened, else by walking it.

        :param name: of that way, the same for nothing else.
        """
        if self._states is None or not self._states.put(self, name, way):
            way(self)
        return self

    def sign_in(self, email: str | None = None, password: str = PASSWORD) -> Response:
        self.get(self.product.sign_in)
        response = self.post(self.product.sign_in, {"email": email or self.email, "password": password})
        if _leads_to(response) == self.product.verify:
            self.get(self.product.verify)
        return response

    def sign_out(self) -> Response:
        self.get("/", headers={"HX-Request": ""})
        return self.post(self.product.sign_out)

    def begin(self) -> Person:
        """Press Activate."""
        self.get(TWO_STEP)
        self.post(f"{TWO_STEP}/enroll", follow_redirects=True)
        return self

    def verify_email(self) -> Person:
        self.post(f"{TWO_STEP}/enroll/email/send", follow_redirects=True)
        number = self._letter("Your %(product)s authentication number", self.email).number
        self.post(f"{TWO_STEP}/enroll/email", {"number": number}, follow_redirects=True)
        return self

    def scan(self) -> Person:
        uri = re.search(r'href="(otpauth://[^"]+)"', self.page)
        assert uri, self.page
        self.app_on_phone = Authenticator(unescape(uri[1]))
        self.post(f"{TWO_STEP}/enroll/scan", follow_redirects=True)
        return self

    def enter_code(self) -> Person:
        self.post(f"{TWO_STEP}/enroll/code", {"code": self.code()}, follow_redirects=True)
        self.recovery_codes = self.shown_codes()
        return self

    def complete(self) -> Response:
        return self.post(f"{TWO_STEP}/enroll/recovery", {"saved": "y"}, follow_redirects=True)

    def activate(self) -> Person:
        """Have 2-step verification on: by a copy right after the one of :meth:`sign_up`, else all the way."""
        return self.reach("activate", Person._activate)

    def _activate(self) -> None:
        response = self.begin().verify_email().scan().enter_code().complete()
        assert self._say("2-step verification is on.") in response.text

    def prove_password(self, purpose: str, password: str = PASSWORD) -> Response:
        """Type the password that opens reissue, disable or move."""
        self.get(f"{TWO_STEP}/{purpose}")
        return self.post(f"{TWO_STEP}/{purpose}", {"password": password}, follow_redirects=True)

    def disable(self, **fields: str) -> Response:
        return self.post(f"{TWO_STEP}/disable/verify", {"factor": "code", **fields}, follow_redirects=True)

    def prove_move(self, **fields: str) -> Response:
        """The factor that opens the wizard for a new phone."""
        return self.post(f"{TWO_STEP}/move/verify", {"factor": "code", **fields}, follow_redirects=True)

    def begin_move(self) -> Person:
        """Password and code, up to the first step of the wizard."""
        self.prove_password("move")
        assert (
            self._say("Step %(step)s of %(steps)s") % {"step": 1, "steps": 3}
            in self.prove_move(code=self.next_code()).text
        )
        return self

    def move(self) -> Person:
        """Walk the whole way to a new phone."""
        response = self.begin_move().scan().enter_code().complete()
        assert self._say("Your new phone is set up.") in response.text
        return self

    def begin_adding(self) -> Person:
        """Press Add authenticator app, with a password and a verification that are not old."""
        self.get(TWO_STEP)
        self.post(f"{TWO_STEP}/add", follow_redirects=True)
        return self

    def add_app(self, name: str = "Second phone") -> Authenticator:
        """Walk the whole way to another app; ``app_on_phone`` stays the one that it was."""
        first = self.app_on_phone
        self.begin_adding().scan()
        self.post(f"{TWO_STEP}/enroll/code", {"code": self.code()}, follow_redirects=True)
        response = self.post(f"{TWO_STEP}/enroll/name", {"name": name}, follow_redirects=True)
        assert self._say("Your authenticator app was added.") in response.text
        added, self.app_on_phone = self.app_on_phone, first
        assert added
        return added

    def authenticators(self) -> dict[str, int]:
        """The ids of the authenticators in the tab, by the names that it shows."""
        found = re.findall(r'id="mfa-authenticator-(\d+)">([^<]*)<', self.get(TWO_STEP).text)
        return {unescape(name): int(number) for number, name in found}

    def verify(self, code: str) -> Response:
        """The second step of sign-in, by the app's code."""
        return self.post(self.product.verify, {"code": code})

    def remember(self) -> Person:
        """Sign in again and have this browser remembered."""
        self.sign_out()
        self.sign_in()
        response = self.post(self.product.verify, {"code": self.next_code(), "remember_browser": "y"})
        assert entered(response), response.text
        return self

    def verify_recovery_code(self, code: str) -> Response:
        url = f"{self.product.verify}?factor=recovery"
        self.get(url)
        return self.post(url, {"recovery_code": code})

    def code(self, *, seconds: float = 0) -> str:
        """What the app shows, now or some seconds from now."""
        assert self.app_on_phone
        return self.app_on_phone.code(self.clock.seconds + seconds)

    def next_code(self) -> str:
        """The code of the next time step, waited for."""
        self.clock.advance(seconds=30)
        return self.code()

    def shown_codes(self) -> list[str]:
        return _CODE.findall(self.page)

    def is_signed_in(self) -> bool:
        return self.client.get(self.product.private).status_code == 200

    def two_step_is_on(self) -> bool:
        text = self.client.get(TWO_STEP).text
        on, off = (self._say(f"2-step verification is {state}") in text for state in ("on", "off"))
        assert on != off
        return on


def entered(response: Response) -> bool:
    """Whether the answer leads into the console, or into the host."""
    return _leads_to(response) == "/"


def _leads_to(response: Response) -> str | None:
    return response.headers.get("HX-Redirect") or response.headers.get("Location")
