"""The journeys, as each contender has them: sign-in with a second step, enrollment, and the settings page.

Each begins and ends at the same place for everyone. A sign-in goes from the sign-in page to the page behind
it. An enrollment goes from the settings page of somebody who is signed in, over the QR code, the first code
and the recovery codes (with their file, where there is one), back to the settings page.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pyotp

from bench import people
from bench.browser import Browser, Refused
from bench.contenders import Server
from tests.support.smtp import Inbox

POST_CODE = "POST code"
_OTPAUTH = re.compile(r'otpauth://[^"\'<\s]+')


def code(secret: str = people.SECRET) -> str:
    """What the authenticator app shows now."""
    return pyotp.TOTP(secret).now()


class Journeys(ABC):
    """What people do at one contender."""

    settings = ""
    """The page that says how the second step stands, asked for as the contender's own front end asks."""
    partial = False

    def __init__(self, server: Server, inbox: Inbox) -> None:
        self.server, self.inbox = server, inbox

    def browser(self, number: int | None = None) -> Browser:
        """A new browser; a known one, where devices are known, of the person with that number and a second
        step."""
        return Browser(self.server.host, self.server.port, cookies=self.device(number))

    def device(self, _number: int | None) -> dict[str, str]:
        return {}

    @abstractmethod
    def password(self, browser: Browser, email: str) -> None:
        """The first step."""

    @abstractmethod
    def second_step(self, browser: Browser) -> None:
        """The code of the app."""

    @abstractmethod
    def enroll(self, browser: Browser, email: str) -> None:
        """Of somebody who is signed in."""

    def open_steps(self, browser: Browser, email: str) -> dict[str, bytes]:
        """A GET of each step of the enrollment, as open as it is when it is reached; none by default."""
        return {}

    def sign_in(self, browser: Browser, number: int) -> None:
        self.password(browser, people.protected(number))
        self.second_step(browser)

    def signed_in(self, number: int) -> Browser:
        """The browser of somebody with a second step who has signed in."""
        browser = self.browser(number)
        self.sign_in(browser, number)
        return browser

    def show(self, browser: Browser) -> None:
        """The settings page."""
        page = browser.get(self.settings, htmx=self.partial, name="settings")
        if "ecovery" not in page and "two" not in page.lower():
            raise Refused(page)


class Twostep(Journeys):
    settings, partial = "/account/two-step", True

    def __init__(self, server: Server, inbox: Inbox) -> None:
        super().__init__(server, inbox)
        self._devices: list[str] = json.loads((server.folder / "devices.json").read_text())

    def device(self, number: int | None) -> dict[str, str]:
        return {} if number is None else {"twostep-device": self._devices[number]}

    def password(self, browser: Browser, email: str) -> None:
        browser.get("/sign-in")
        self.send_password(browser, email)

    def send_password(self, browser: Browser, email: str) -> None:
        """Send the form of the sign-in page, which is open; again, if the first time was refused."""
        fields = {"email": email, "password": people.PASSWORD}
        browser.post("/sign-in", fields, htmx=True, name="POST password")

    def second_step(self, browser: Browser) -> None:
        browser.post("/sign-in/verify", {"code": code()}, htmx=True, name=POST_CODE)

    def open_steps(self, browser: Browser, email: str) -> dict[str, bytes]:
        url = "/account/two-step/enroll"
        browser.get("/account/two-step", htmx=True)
        browser.post(url, {}, htmx=True)
        found = {"1 verify your email": browser.request(f"{url}/email", htmx=True)}
        browser.post(f"{url}/email/send", {}, htmx=True)
        number = self.inbox.wait_for("authentication number", to=email).number
        page = browser.post(f"{url}/email", {"number": number}, htmx=True)
        found["2 scan the QR code"] = browser.request(f"{url}/scan", htmx=True)
        browser.post(f"{url}/scan", {}, htmx=True)
        found["3 enter the code"] = browser.request(f"{url}/code", htmx=True)
        browser.post(f"{url}/code", {"code": code(_secret(page))}, htmx=True)
        found["4 save your recovery codes"] = browser.request(f"{url}/recovery", htmx=True)
        return found

    def enroll(self, browser: Browser, email: str) -> None:
        url = "/account/two-step/enroll"
        browser.get("/account/two-step", htmx=True, name="tab (off)")
        browser.post(url, {}, htmx=True, name="1 verify your email")
        browser.post(f"{url}/email/send", {}, htmx=True, name="1 number sent")
        number = self.inbox.wait_for("authentication number", to=email).number
        page = browser.post(f"{url}/email", {"number": number}, htmx=True, name="2 scan the QR code")
        secret = _secret(page)
        browser.post(f"{url}/scan", {}, htmx=True, name="3 enter the code")
        browser.post(f"{url}/code", {"code": code(secret)}, htmx=True, name="4 save your recovery codes")
        step = browser.page
        browser.get(f"{url}/recovery-codes.txt", name="file of the codes")
        browser.page = step
        browser.post(f"{url}/recovery", {"saved": "y"}, htmx=True, name="on")
        page = browser.get("/account/two-step", htmx=True, name="tab (on)")
        _expect("2-step verification is on", page)


class Allauth(Journeys):
    settings = "/accounts/2fa/"

    def password(self, browser: Browser, email: str) -> None:
        browser.get("/accounts/login/")
        browser.post("/accounts/login/", {"login": email, "password": people.PASSWORD})

    def second_step(self, browser: Browser) -> None:
        browser.post("/accounts/2fa/authenticate/", {"code": code()})

    def enroll(self, browser: Browser, email: str) -> None:
        browser.get(self.settings)
        page = browser.get("/accounts/2fa/totp/activate/")
        if "reauthenticate" in browser.url:
            # As it is set up from the start, it asks for the password once more.
            page = browser.post("/accounts/reauthenticate/", {"password": people.PASSWORD})
        found = re.search(r'value="([A-Z2-7]{32})"', page)
        if not found:
            raise Refused(page)
        browser.post("/accounts/2fa/totp/activate/", {"code": code(found[1])})
        browser.get("/accounts/2fa/recovery-codes/download/")
        _expect("eactivate", browser.get(self.settings))


class FlaskSecurity(Journeys):
    settings = "/tf-setup"

    def password(self, browser: Browser, email: str) -> None:
        browser.get("/login")
        browser.post("/login", {"email": email, "password": people.PASSWORD})

    def second_step(self, browser: Browser) -> None:
        browser.post("/tf-validate", {"code": code()})

    def enroll(self, browser: Browser, email: str) -> None:
        browser.get("/tf-setup")
        page = browser.post("/tf-setup", {"setup": "authenticator"})
        action = re.search(r'action="(/tf-setup/[^"]+)"', page)
        if not action:
            raise Refused(page)
        keys = re.search(r"(?:[A-Z2-7]{4}[- ]){7}[A-Z2-7]{4}", page)
        if not keys:
            raise Refused(page)
        browser.post(unescape(action[1]), {"code": code(re.sub(r"[- ]", "", keys[0]))})
        browser.get("/mf-recovery-codes")
        browser.post("/mf-recovery-codes", {"generate_new_codes": "y"})
        _expect("uthenticator", browser.get("/tf-setup"))


class TwoFactor(Journeys):
    settings = "/account/two_factor/"

    def password(self, browser: Browser, email: str) -> None:
        browser.get("/account/login/")
        fields = {"auth-username": email, "auth-password": people.PASSWORD}
        browser.post("/account/login/", fields)

    def second_step(self, browser: Browser) -> None:
        browser.post("/account/login/", {"token-otp_token": code()})

    def enroll(self, browser: Browser, email: str) -> None:
        browser.get(self.settings)
        browser.get("/account/two_factor/setup/")
        page = browser.post("/account/two_factor/setup/", {})
        browser.get("/account/two_factor/qrcode/")
        browser.page = page
        browser.post("/account/two_factor/setup/", {"generator-token": code(_secret(page))})
        browser.get("/account/two_factor/backup/tokens/")
        browser.post("/account/two_factor/backup/tokens/", {})
        _expect("isable", browser.get(self.settings))


KINDS: dict[str, type[Journeys]] = {
    "twostep": Twostep,
    "allauth": Allauth,
    "flask_security": FlaskSecurity,
    "two_factor": TwoFactor,
}


def of(server: Server, inbox: Inbox) -> Journeys:
    """The journeys of a contender that is being served."""
    return KINDS[server.contender.key](server, inbox)


def _secret(page: str) -> str:
    found = _OTPAUTH.search(unescape(page))
    if not found:
        raise Refused(page)
    return parse_qs(urlsplit(found[0]).query)["secret"][0]


def _expect(words: str, page: str) -> None:
    if words not in page:
        raise Refused(page)
