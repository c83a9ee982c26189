"""No mail and no screen says "password" to somebody whose host has none for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import render_template_string

import mfa
from mfa import FlaskLoginAccounts, database, tidying
from mfa.attempts import rules as attempts
from mfa.i18n import SOURCE
from mfa.notices import outbox
from mfa.web import templates
from tests.mounted import shop as shops
from tests.mounted.shop import SHOP, Shop
from tests.support import passkeys, smtp
from tests.support.clock import Clock
from tests.support.person import Person, Response
from tests.support.product import TWO_STEP
from tests.support.smtp import Inbox, Letter
from tests.support.software_authenticator import SoftwareAuthenticator

WORD = {"en": re.compile(".*password.*", re.IGNORECASE), "ko": re.compile(".*(?:비밀번호|암호).*")}
APPS = re.compile(r"1Password|Passwords \(built in\)|암호\(기본 앱\)")
"""Authenticator apps that have the word in their names."""
TEMPLATES = Path(mfa.__file__).parent / "templates"
NOT_THEIRS = {
    "mfa/_proof.html",  # asks for the password
    "mfa/_frame.html",  # goes around pages in a layout of the host, of which there is none here
}
INSTEAD = [
    "Somebody began to sign in to your Shop account",
    "Somebody began to sign in to your account and did not get past the second step within 10 minutes:",
    "Somebody entered several wrong codes for your account:",
    "Somebody is signing in to your account, and many wrong codes were entered for it.",
    "If you are not signing in, do not open it: somebody else is.",
    "This browser is not signing in. Copy the link into the one that is.",
    "If this was not you: secure your e-mail account, and the account that you sign in with.",
    "Somebody used a recovery code of your account.",
    "If it was not you, secure your e-mail account, and the account that you sign in with.",
    "From now on, signing in to your account takes no code.",
    "Sign in as you always do:",
    "Your address or 2-step verification was changed elsewhere.",
    "They say that they have lost the second step, and were mailed a link. With it they can turn it off.",
    "At the end we mail you a link to set up a new second step.",
    "Don’t change your email until then: that ends the wait too.",
    "Somebody who reads your mail says that they have lost the second step.",
    "Open this link. Your old second step is turned off then, and you set up a new one at once.",
    "It was replaced by the mailed link. You set up a new one now; until then nothing else opens.",
]
CONFIRM = f"{TWO_STEP}/confirm"
LOST = f"{TWO_STEP}/recover/lost"
WAIT_DAYS = 4


class Moved(FlaskLoginAccounts):
    """Of somebody who has changed their address lately."""

    def other_addresses(self, _person: mfa.Person) -> list[str]:
        return ["mina.before@example.com"]


class Walker(Person):
    """Remembers all that they were shown."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.shown: list[str] = []

    def _keep(self, response: Response) -> Response:
        self.shown.append(response.text)
        return super()._keep(response)

    def ask_for_number(self, url: str) -> str:
        self.clock.advance(seconds=40)
        self.get(url)
        path, _, query = url.partition("?")
        self.post(f"{path}/number?{query}", follow_redirects=True)
        return self._letter("Your %(product)s authentication number", self.email).number

    def prove(self, purpose: str) -> None:
        url = f"{TWO_STEP}/{purpose}"
        number = self.ask_for_number(url)
        self.post(url, {"number": "12345"}, follow_redirects=True)
        self.post(url, {"number": number}, follow_redirects=True)

    def enter(self) -> Walker:
        self.get("/by-link")
        self.get(SHOP.verify)
        return self


@dataclass
class Walk:
    """All journeys of the second step, in one order that works."""

    shop: Shop
    make: Callable[[], Walker]
    walkers: list[Walker] = field(default_factory=list)
    is_required: bool = False

    def walker(self) -> Walker:
        self.walkers.append(self.make())
        return self.walkers[-1]

    def everything(self) -> None:
        mina = self.walker().enter()
        self._must(mina)
        mina.post(f"{TWO_STEP}/enroll", {"csrf_token": "forged"})
        self._activate(mina)
        self._reissue(mina)
        self._move(mina)
        self._add(mina)
        self._rename_and_remove(mina)
        self._sign_in(mina)
        self._remember(mina)
        self._confirm_first(mina)
        self._step_up(mina)
        self._passkey(mina)
        self._change_elsewhere(mina)
        self._check_up(mina)
        self._revoke(mina)
        self._turn_off(mina)
        self._reset(mina)
        self._stop_help(mina)
        self._wait(mina)

    def _must(self, mina: Walker) -> None:
        self.is_required = True
        mina.get("/page")
        mina.get(TWO_STEP)
        mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)
        mina.post(f"{TWO_STEP}/enroll/cancel", follow_redirects=True)
        self.is_required = False

    def _activate(self, mina: Walker) -> None:
        mina.get(TWO_STEP)
        mina.begin()
        self._link(mina)
        for method in ("passkey", "app"):
            mina.post(f"{TWO_STEP}/enroll/method", {"method": method}, follow_redirects=True)
        mina.scan()
        mina.post(f"{TWO_STEP}/enroll/code", {"code": "000000"}, follow_redirects=True)
        mina.enter_code()
        mina.get(f"{TWO_STEP}/enroll/recovery-codes.txt")
        mina.get(f"{TWO_STEP}/enroll/recovery-codes/print")
        mina.get(f"{TWO_STEP}/enroll/recovery")
        mina.complete()
        mina.get(TWO_STEP)
        mina.get(TWO_STEP, headers={"HX-Request": "true"})

    def _link(self, mina: Walker) -> None:
        """Send the number, open the link in another browser, and then here."""
        mina.post(f"{TWO_STEP}/enroll/email/send", follow_redirects=True)
        path = mina._letter("Your %(product)s authentication number", mina.email).path
        mina.post(f"{TWO_STEP}/enroll/email", {"number": "000000"}, follow_redirects=True)
        self.walker().get(path)
        mina.get(path)
        mina.post(path, follow_redirects=True)
        mina.get(path)
        mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)

    def _reissue(self, mina: Walker) -> None:
        mina.prove("reissue")
        mina.recovery_codes = mina.shown_codes()
        mina.post(f"{TWO_STEP}/reissue/recovery-codes", {}, follow_redirects=True)
        mina.get(f"{TWO_STEP}/reissue/recovery-codes.txt")
        mina.get(f"{TWO_STEP}/reissue/recovery-codes/print")
        mina.get(f"{TWO_STEP}/reissue/recovery-codes")
        mina.post(f"{TWO_STEP}/reissue/recovery-codes", {"saved": "y"}, follow_redirects=True)

    def _move(self, mina: Walker) -> None:
        mina.prove("move")
        mina.prove_move(factor="recovery_code", recovery_code=mina.recovery_codes.pop())
        mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)
        mina.scan().enter_code()
        mina.get(TWO_STEP)
        mina.get(f"{TWO_STEP}/disable")
        mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)
        mina.complete()

    def _add(self, mina: Walker) -> None:
        first = mina.app_on_phone
        mina.clock.advance(minutes=16)
        mina.begin_adding()
        number = mina.ask_for_number(f"{TWO_STEP}/add/proof")
        for typed in ("12345", number):
            mina.post(f"{TWO_STEP}/add/proof", {"number": typed}, follow_redirects=True)
        for code in ("000000", mina.next_code()):
            mina.post(f"{TWO_STEP}/add/verify", {"factor": "code", "code": code}, follow_redirects=True)
        mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)
        mina.scan()
        mina.get(TWO_STEP)
        mina.get(f"{TWO_STEP}/enroll", follow_redirects=True)
        mina.post(f"{TWO_STEP}/enroll/code", {"code": mina.code()}, follow_redirects=True)
        for name in ("", "Second phone"):
            mina.post(f"{TWO_STEP}/enroll/name", {"name": name}, follow_redirects=True)
        mina.app_on_phone = first
        assert len(mina.authenticators()) == 2

    def _rename_and_remove(self, mina: Walker) -> None:
        first, second = mina.authenticators().values()
        for name in ("", "Old phone"):
            mina.get(f"{TWO_STEP}/rename/{first}")
            mina.post(f"{TWO_STEP}/rename/{first}", {"name": name}, follow_redirects=True)
        mina.prove(f"remove/{second}")
        for code in ("000000", mina.next_code()):
            mina.post(f"{TWO_STEP}/remove/verify", {"factor": "code", "code": code}, follow_redirects=True)
        assert len(mina.authenticators()) == 1
        mina.get(f"{TWO_STEP}/remove/{first}")

    def _sign_in(self, mina: Walker) -> None:
        self.walker().enter()  # and no further
        mina.clock.advance(minutes=12)
        mina.sign_out()
        mina.enter()
        for _ in range(6):
            mina.verify("000000")
            mina.get(SHOP.verify)
        mina.clock.advance(minutes=5)
        mina.verify_recovery_code(mina.recovery_codes[0][:4])
        mina.verify_recovery_code(mina.recovery_codes.pop())
        mina.get(TWO_STEP)

    def _remember(self, mina: Walker) -> None:
        mina.sign_out()
        mina.enter()
        mina.post(SHOP.verify, {"code": mina.next_code(), "remember_browser": "y"})
        mina.get(TWO_STEP)
        mina.post(f"{TWO_STEP}/browsers/forget-all", follow_redirects=True)

    def _confirm_first(self, mina: Walker) -> None:
        mina.sign_out()
        mina.forget_device()
        with self.shop.app.app_context():
            every = attempts.account_subject(self.shop.user().id)
            for _ in range(attempts.MOST_FAILURES):
                attempts.count(every, attempts.SECOND_STEP_FAILURES, mina.clock())
            database.close()
        mina.enter()
        mina.post(f"{SHOP.verify}/confirm", follow_redirects=True)
        path = mina._letter("Confirm that you are signing in to %(product)s", mina.email).path
        self.walker().get(path)
        self.walker().get(f"{path}x")
        mina.get(path)
        mina.post(path, follow_redirects=True)
        mina.get(path)
        mina.post(path, follow_redirects=True)
        mina.get(SHOP.verify)
        mina.verify(mina.next_code())

    def _step_up(self, mina: Walker) -> None:
        mina.get(f"{CONFIRM}?next=/careful")
        mina.post(f"{CONFIRM}?next=/careful", {"factor": "code", "code": "000000"}, follow_redirects=True)
        mina.clock.advance(minutes=11)
        ask = mina.post("/careful").headers["Location"]
        mina.get(ask)
        mina.get(ask.replace(CONFIRM, f"{CONFIRM}/form"))
        mina.get(f"{CONFIRM}/form?form=unknown")

    def _passkey(self, mina: Walker) -> None:
        with self.shop.app.app_context():
            person_id = self.shop.user().id
        key = SoftwareAuthenticator(passkeys.ORIGIN)
        passkeys.give(self.shop.app, str(person_id), key)
        mina.sign_out()
        mina.get("/passkey-sign-in")
        alone, second = f"{SHOP.verify}/passkey", f"{SHOP.verify}?factor=passkey"
        mina.post(alone, {"passkey": "broken"}, follow_redirects=True)
        mina.enter()
        mina.get(second)
        mina.post(second, passkeys.answer(key, mina.page, second), follow_redirects=True)
        mina.sign_out()
        key.keys[0].count = 0
        mina.get(alone)
        mina.post(alone, passkeys.answer(key, mina.page, alone), follow_redirects=True)
        mina.enter()
        mina.clock.advance(minutes=1)
        mina.verify(mina.code())

    def _change_elsewhere(self, mina: Walker) -> None:
        mina.prove("disable")
        with self.shop.app.test_request_context():
            self.shop.two_step.account_changed(self.shop.user())
        mina.disable(code=mina.next_code())

    def _check_up(self, mina: Walker) -> None:
        mina.clock.advance(days=28)
        mina.get(TWO_STEP)
        mina.post(f"{TWO_STEP}/check-up", {"factor": "code", "code": "000000"}, follow_redirects=True)

    def _revoke(self, mina: Walker) -> None:
        self._reissue(mina)
        mina.get(TWO_STEP)
        mina.prove("disable")
        mina.disable(factor="recovery_code", recovery_code=mina.recovery_codes[0])
        reissued = [mina._letter("Your recovery codes were reissued", mina.email) for _ in range(2)]
        found = re.search(rf"{TWO_STEP}/revoke/\S+", reissued[1].text)
        assert found
        reader = self.walker()
        for path in (found[0], f"{found[0]}x"):
            reader.get(path)
            reader.post(path, follow_redirects=True)
        reader.get(found[0])

    def _turn_off(self, mina: Walker) -> None:
        mina.prove("disable")
        mina.get(f"{TWO_STEP}/disable/verify")
        mina.disable(code=mina.next_code())
        mina.clock.advance(minutes=11)
        number = mina.ask_for_number(f"{CONFIRM}?next=/careful")
        mina.post(f"{CONFIRM}?next=/careful", {"number": number})

    def _reset(self, mina: Walker) -> None:
        mina.begin().verify_email().scan().enter_code().complete()
        with self.shop.app.test_request_context():
            self.shop.two_step.reset(self.shop.user(), "op", "the phone is lost")

    def _stop_help(self, mina: Walker) -> None:
        mina.clock.advance(minutes=2)
        mina.begin().verify_email().scan().enter_code().complete()
        with self.shop.app.test_request_context():
            self.shop.two_step.help(self.shop.user(), "op", "the phone is lost")
        mina.get("/page")
        back, stop = self._links(mina._letter("Set up 2-step verification again", mina.email))
        reader = self.walker()
        for path in (back, f"{back}x", stop, f"{stop}x"):
            reader.get(path)
        reader.get(stop)
        reader.post(stop, follow_redirects=True)
        for path in (back, stop):
            reader.get(path)

    def _wait(self, mina: Walker) -> None:
        """Lose everything, begin the wait, and come back when it is over."""
        mina.sign_out()
        lost = self.walker().enter()
        number = lost.ask_for_number(LOST)
        for typed in ("000000", number):
            lost.post(LOST, {"number": typed}, follow_redirects=True)
        lost.get(SHOP.verify)
        for _ in range(WAIT_DAYS):
            mina.clock.advance(days=1)
            self.work()
        lost = self.walker().enter()
        lost.get(LOST)
        lost.post(f"{LOST}/number", follow_redirects=True)
        back, _ = self._links(lost._letter("The wait is over: set up 2-step verification again", lost.email))
        number = lost.ask_for_number(back)
        for typed in ("000000", number):
            lost.post(back, {"number": typed}, follow_redirects=True)
        lost.clock.advance(minutes=2)
        lost.get(f"{TWO_STEP}/enroll", follow_redirects=True)
        completed = lost.verify_email().scan().enter_code().complete()
        assert lost._say("2-step verification is on.") in completed.text

    def work(self) -> None:
        """Do what a worker does: write what is due, and send it."""
        with self.shop.app.app_context():
            list(tidying.tidy())
            outbox.deliver_due()
            database.close()

    def _links(self, letter: Letter) -> tuple[str, str]:
        back, stop = re.findall(r"https?://[^/\s]+(/\S+)", letter.text)[:2]
        return back, stop


@pytest.mark.parametrize("language", WORD)
def test_no_screen_and_no_mail_says_password(
    language: str,
    make_shop: Callable[..., Shop],
    inbox: Inbox,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shops.User, "language", language, raising=False)
    pages = dict.fromkeys(("forgot_password", "change_password", "change_email"), "home")
    accounts = partial(Moved, language="language", pages=pages)
    passkey_settings = {f"MFA_{name}": value for name, value in passkeys.SETTINGS.items()}
    settings = {
        "MFA_RECOVERY_DAYS": WAIT_DAYS,
        "MFA_SUPPORT_ADDRESS": "help@shop.example",
        **passkey_settings,
    }
    required = lambda _person: walk.is_required  # noqa: E731 (of the walk below)
    shop = make_shop(password=None, accounts=accounts, settings=settings, required=required)
    page = "{{ two_step.reminder() }}{{ two_step.recovery_notice() }}{{ two_step.modal() }}"
    shop.app.add_url_rule("/page", view_func=lambda: render_template_string(page))
    button = "{{ two_step.passkey_sign_in() }}"
    shop.app.add_url_rule("/passkey-sign-in", "button", lambda: render_template_string(button))
    letters: list[Letter] = []

    def remembered(raw: bytes, recipients: list[str]) -> Letter:
        letters.append(Letter(raw, recipients))
        return letters[-1]

    monkeypatch.setattr(smtp, "Letter", remembered)
    walk = Walk(shop, lambda: Walker(shop.app, inbox, clock, product=SHOP, htmx=False, languages=language))
    walk.everything()
    with shop.app.app_context():
        list(tidying.tidy())
        while outbox.waiting():
            outbox.deliver_due()
            clock.advance(minutes=1)
        rendered = {name for _, name in templates.environment(shop.app).cache}  # type: ignore[union-attr]
    said = [text for walker in walk.walkers for text in walker.shown]
    said += [text for letter in letters for text in (letter.subject, letter.text, letter.html)]
    assert [found[0] for text in said if (found := WORD[language].search(APPS.sub("", text)))] == []
    assert every_template() - rendered == NOT_THEIRS
    if language == SOURCE:
        assert [instead for instead in INSTEAD if not any(instead in text for text in said)] == []


def every_template() -> set[str]:
    return {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*")}
