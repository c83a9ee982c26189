"""``make shots``: a picture of every screen of the journey, in each language, width and scheme.

Into ``.shots/``, with an index page. The ones that the README shows, and an animation of the wizard, also go
into ``docs/screens/``. The same walk as in the tests, with the same real parts.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import delete, update

from console import create_app
from console.accounts.models import Account, Role
from console.extensions import db, two_step
from console.organization import audit
from console.organization.help.rules import State
from console.policy.models import OrganizationSettings
from mfa import clock as app_clock
from mfa.attempts import rules as attempts
from mfa.database import run, transaction
from tests.conftest import SETTINGS
from tests.journeys.visitor import EMAIL, PASSWORD, PHONE, Visitor
from tests.organization import helping
from tests.organization.helping import helped
from tests.organization.people import give
from tests.recovery.steps import work
from tests.support import chromium
from tests.support.clock import Clock
from tests.support.database import make_empty
from tests.support.expecting import expect
from tests.support.server import serving
from tests.support.smtp import Inbox, free_port
from tests.support.still import settle

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / ".shots"
FOLDER = ROOT / "docs" / "screens"
NEW_EMAIL = "mina@example.net"
INVITED = "noor@example.com"
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
LOCALES = {"en": "en-US", "ko": "ko-KR"}
FRAME_MILLISECONDS = 1600
IN_README = ["wizard-2-scan", "wizard-4-recovery-codes", "two-step-on", "verify-code"]
WIZARD = [
    "two-step-off",
    "wizard-1-email",
    "wizard-1-number",
    "wizard-2-scan",
    "wizard-3-code",
    "wizard-4-recovery-codes",
    "wizard-done",
    "two-step-on",
]


class Taker(Protocol):
    """Whoever is shown each screen of the walk."""

    def take(self, page: Page, name: str) -> None: ...


def walk(visitor: Visitor, gallery: Taker, other: Visitor, app: Flask) -> None:
    page = visitor.page

    def take(name: str, of: Page = page) -> None:
        gallery.take(of, name)

    page.goto("/sign-in")
    take("sign-in")
    page.goto("/sign-up")
    visitor.type("Email", "mina.park")
    visitor.press("Continue")
    visitor.is_refused()
    take("sign-up-refused")
    visitor.type("Email", EMAIL)
    visitor.press("Continue")
    visitor.sees("Check your inbox")
    take("check-inbox")
    page.goto(visitor.letter("Create your %(product)s account").link)
    visitor.fill("Name", "Mina Park")
    take("create-account")
    visitor.type("Password", PASSWORD)
    visitor.press("Create account")
    visitor.is_in()
    take("console")

    visitor.press("Organization management")
    visitor.sees("Members")
    take("members")
    visitor.fill("Name or address", "nobody")
    visitor.press("Search")
    visitor.reads("Nobody is like that.")
    take("members-none")
    page.goto("/organization/members/1")
    visitor.sees("Mina Park")
    take("member-oneself")
    page.goto("/organization/invitations/new")
    visitor.sees("Invite people")
    visitor.type("Email", "mina.park")
    page.get_by_label(visitor.say("Role"), exact=True).select_option("administrator")
    visitor.press("Send invitation")
    visitor.is_refused()
    take("invite-refused")
    visitor.type("Email", INVITED)
    visitor.press("Send invitation")
    visitor.sees("Invitations")
    take("invitations")
    other.page.goto(visitor.letter("You are invited to %(product)s").link)
    take("create-account-invited", other.page)
    _walk_invited(take, other, app)
    _close_sign_up(app, is_closed=True)
    other.page.goto("/sign-up")
    take("sign-up-closed", other.page)
    _close_sign_up(app, is_closed=False)
    visitor.press("Close")

    visitor.press("Account management")
    visitor.sees("Profile")
    take("profile")
    visitor.press("Change email")
    visitor.sees("Change your email")
    take("change-email")
    visitor.follow("Cancel")
    visitor.sees("Profile")
    visitor.press("Download my data")
    visitor.sees("Download my data")
    take("download-my-data")
    visitor.follow("Cancel")
    visitor.sees("Profile")
    visitor.press("Delete my account")
    visitor.sees("Delete my account")
    take("delete-my-account-as-the-only-owner")
    page.goto("/account/profile")
    visitor.follow("Password")
    visitor.sees("Password")
    take("password")
    visitor.follow("2-Step Verification")
    visitor.sees("2-step verification is off")
    take("two-step-off")
    page.goto("/organization/security")
    visitor.sees("Security settings")
    take("security-settings-own-is-off")
    _require(app, visitor.clock())
    page.goto("/")
    take("console-required")
    page.goto("/account/profile")
    visitor.sees("Profile")
    take("profile-required")
    visitor.follow("2-Step Verification")
    visitor.sees("2-step verification is off")
    take("two-step-off-required")
    page.goto("/organization/members")
    visitor.sees("Members")
    take("members-required")
    _require(app, None)
    page.goto("/account/two-step")
    visitor.sees("2-step verification is off")

    visitor.press("Activate 2-Step Verification")
    visitor.sees("Verify your email")
    take("wizard-1-email")
    visitor.send_number()
    take("wizard-1-number")
    letter = visitor.letter("Your %(product)s authentication number")
    other.page.goto(letter.link)
    take("link-in-another-browser", other.page)
    same_browser = visitor.context.new_page()
    same_browser.goto(letter.link)
    take("link-in-the-same-browser", same_browser)
    same_browser.close()
    visitor.enter("Authentication number", letter.number, "Next")
    visitor.sees("Scan the QR code")
    take("wizard-2-scan")
    visitor.open_help("Can't scan it?")
    take("wizard-2-key")
    visitor.scan()
    visitor.sees("Enter the code from your app")
    take("wizard-3-code")
    visitor.enter("Authentication code", visitor.app.code(visitor.clock.seconds - 420), "Next")
    visitor.is_refused()
    take("wizard-3-wrong-clock")
    visitor.enter_code()
    visitor.sees("Save your recovery codes")
    take("wizard-4-recovery-codes")
    sheet = visitor.context.new_page()
    sheet.goto("/account/two-step/enroll/recovery-codes/print")
    take("recovery-codes-to-print", sheet)
    sheet.close()
    visitor.save_codes()
    visitor.sees("2-step verification is on.")
    take("wizard-done")
    visitor.press("Done")
    visitor.sees("2-step verification is on")
    take("two-step-on")
    page.goto("/organization/security")
    visitor.sees("Security settings")
    take("security-settings")
    visitor.tick("Passkeys only for administrators")
    visitor.press("Save")
    visitor.is_refused()
    take("security-settings-refused")
    _lock_for_a_while(app, visitor.clock())
    page.goto("/organization/activity")
    visitor.sees("Activity")
    visitor.open_help("Filter events")
    take("organization-activity")
    visitor.follow("Export")
    visitor.sees("Export activity")
    take("organization-activity-export")
    _walk_help(visitor, take, app)
    page.goto("/account/two-step")
    visitor.sees("2-step verification is on")

    other.page.goto("/sign-in")
    other.type_password()
    other.app = visitor.app
    other.enter("Authentication code", visitor.next_code(), "Verify")
    other.is_in()
    visitor.follow("Sessions")
    visitor.sees("Sessions")
    take("sessions")
    visitor.clock.advance(minutes=16)
    visitor.press("Sign out everywhere else")
    visitor.sees("Confirm it is you")
    take("step-up")
    visitor.fill("Authentication code", visitor.next_code())
    visitor.press("Next")
    visitor.sees("Nothing was sent yet")
    take("step-up-send")
    visitor.press("Send now")
    visitor.reads("Every other device is signed out.")

    page.goto("/account/profile/email")
    visitor.fill("New email", NEW_EMAIL)
    visitor.type("Password", PASSWORD)
    visitor.fill("Authentication code", "000000")
    visitor.press("Send link")
    visitor.is_refused()
    take("change-email-refused")
    visitor.type("Password", PASSWORD)
    visitor.fill("Authentication code", visitor.next_code())
    visitor.press("Send link")
    visitor.sees("Check your inbox")
    take("change-email-sent")
    page.goto(visitor.letter("Confirm your new %(product)s address", to=NEW_EMAIL).link)
    visitor.sees("Confirm your new email")
    take("change-email-confirm")
    visitor.press("Confirm")
    visitor.sees("Your email is changed.")
    take("change-email-done")
    other.page.goto(visitor.letter("Your %(product)s address was changed", to=EMAIL).link)
    take("change-email-undo", other.page)
    visitor.follow("Activity")
    visitor.sees("Activity")
    take("activity")
    visitor.follow("2-Step Verification")
    visitor.sees("2-step verification is on")

    visitor.press("Move to a new phone")
    visitor.sees("Move to a new phone")
    take("move-password")
    visitor.type("Password", PASSWORD)
    visitor.press("Next")
    visitor.choose("Recovery code")
    visitor.fill("Recovery code", visitor.recovery_codes[0])
    take("move-verify")
    visitor.press("Next")
    visitor.sees("Scan the QR code")
    take("move-scan")
    visitor.scan(1, of=3, email=NEW_EMAIL)
    visitor.sees("Enter the code from your app")
    take("move-code")
    page.goto("/account/two-step")
    visitor.sees("2-step verification is on")
    take("two-step-on-with-a-move-begun")
    visitor.follow("Continue at step %(step)s of %(steps)s", step=2, steps=3)
    visitor.enter_code(2, of=3)
    visitor.sees("Save your recovery codes")
    take("move-recovery")
    visitor.save_codes(3, of=3)
    visitor.sees("Your new phone is set up.")
    take("move-done")
    visitor.press("Done")
    visitor.sees("2-step verification is on")

    visitor.press("Add authenticator app")
    visitor.sees("Scan the QR code")
    take("add-scan")
    first = visitor.app
    visitor.scan(1, of=3, email=NEW_EMAIL)
    visitor.enter_code(2, of=3)
    visitor.sees("Name your authenticator app")
    visitor.press("Complete")
    visitor.is_refused()
    take("add-name-refused")
    visitor.fill("Name", "iPad")
    visitor.press("Complete")
    visitor.sees("Your authenticator app was added.")
    take("add-done")
    visitor.press("Done")
    visitor.sees("2-step verification is on")
    take("two-step-on-with-two-apps")
    visitor.app = first
    page.get_by_role("button", name=visitor.say("Rename"), exact=True).last.click()
    visitor.sees("Rename")
    take("rename")
    visitor.follow("Cancel")
    visitor.sees("2-step verification is on")
    page.get_by_role("button", name=visitor.say("Remove"), exact=True).last.click()
    visitor.type("Password", PASSWORD)
    visitor.press("Next")
    visitor.is_offered("Authentication code")  # the heading of the step before is the same
    take("remove")
    visitor.fill("Authentication code", visitor.next_code())
    visitor.press("Remove")
    visitor.sees("2-step verification is on")

    visitor.press("Reissue Recovery Code")
    visitor.sees("Reissue Recovery Code")
    take("reissue-password")
    visitor.type("Password", PASSWORD)
    visitor.press("Next")
    visitor.sees("Save your recovery codes")
    take("reissue-codes")
    page.goto("/account/two-step/disable")
    visitor.type("Password", PASSWORD)
    visitor.press("Next")
    visitor.sees("Disable 2-Step Verification")
    visitor.choose("Authentication code")
    take("disable")
    page.goto("/account/two-step/enroll/scan")
    take("step-ended")

    visitor.sign_out()
    visitor.type_password(NEW_EMAIL)
    visitor.sees("2-step verification")
    take("verify-code")
    visitor.enter("Authentication code", "000000", "Verify")
    visitor.is_refused()
    take("verify-refused")
    visitor.open_help("Can’t get a code?")
    take("verify-help")
    visitor.follow("Use a recovery code instead")
    visitor.fill("Recovery code", visitor.recovery_codes[0])
    visitor.tick(visitor.box)
    take("verify-recovery-code")
    visitor.press("Verify")
    visitor.is_in()
    take("console-after-recovery-code")
    page.goto("/account/two-step")
    take("two-step-on-after-a-recovery-code")
    page.goto("/account/activity")
    take("activity-after-a-refusal")
    page.goto("/nothing")
    take("not-found")
    give(app, NEW_EMAIL, Role.MEMBER)  # the only owner can't leave
    page.goto("/account/profile/delete")
    visitor.sees("Delete my account")
    take("delete-my-account")
    visitor.press("Delete my account")
    visitor.sees("Sign in")
    take("sign-in-after-deletion")
    visitor.type_password(NEW_EMAIL)
    visitor.enter("Authentication code", visitor.next_code(), "Verify")
    visitor.is_in()
    take("console-after-deletion-taken-back")
    give(app, NEW_EMAIL, Role.OWNER)
    visitor.sign_out()

    visitor.clock.advance(days=31)  # longer than browsers are remembered
    page.goto("/sign-in")
    visitor.type_password(NEW_EMAIL)
    visitor.enter("Authentication code", visitor.next_code(), "Verify")
    visitor.is_in()
    page.goto("/account/two-step")
    visitor.sees("Can you still get in?")
    take("check-up")
    visitor.fill("Authentication code", "000000")
    visitor.press("Check")
    visitor.is_refused()
    take("check-up-refused")
    visitor.clock.advance(minutes=16)
    visitor.press("Save new recovery codes")
    visitor.sees("Reissue Recovery Code")
    visitor.type("Password", PASSWORD)
    visitor.press("Next")
    visitor.sees("Save your recovery codes")
    take("reissue-codes-for-sign-in-only")
    visitor.tick("I have saved my recovery codes on my personal device")
    visitor.press("Complete")
    visitor.sees("2-step verification is on")
    take("two-step-on-with-codes-for-sign-in-only")
    other.page.goto(visitor.letter("Your recovery codes were reissued", to=NEW_EMAIL).link)
    take("revoke-codes", other.page)
    other.press("Make them worthless")
    other.sees("The new recovery codes no longer work")
    take("revoke-codes-done", other.page)
    _walk_back(visitor, take, other, app)
    page.goto("/forgot-password")
    take("forgot-password")
    for name in ("device", "remembered"):
        page.context.clear_cookies(name=f"{app.config['MFA_COOKIE_PREFIX']}-{name}")
    with app.app_context():
        for _ in range(attempts.MOST_FAILURES):
            attempts.count("account:1", attempts.SECOND_STEP_FAILURES, visitor.clock())
        db.session.remove()
    page.goto("/sign-in")
    visitor.type_password(NEW_EMAIL)
    visitor.sees("Confirm that it is you")
    take("confirm-first")
    visitor.press("Send link")
    expect(page.get_by_role("button", name=visitor.say("Send again"))).to_be_enabled()
    take("confirm-first-sent")
    page.goto(visitor.letter("Confirm that you are signing in to %(product)s", to=NEW_EMAIL).link)
    take("confirm-first-link")
    page.goto("/sign-in")
    for _ in range(attempts.PASSWORD.free + 1):
        visitor.type("Email", "somebody@example.com")
        visitor.type("Password", "not my password at all")
        visitor.press("Sign in")
        # The answer has come when the password is gone; an error stands there from the second time on.
        expect(page.get_by_label(visitor.say("Password"), exact=True)).to_have_value("")
    take("throttled")


def _walk_invited(take: Callable[..., None], other: Visitor, app: Flask) -> None:
    """What the open link shows to whom has an account, or had one in the organization."""
    noor = helping.account("noor", "Noor Haddad", Role.MEMBER, other.clock())
    with app.app_context(), transaction():
        db.session.add(noor)
    other.page.reload()
    other.sees("You have an account already")
    take("invited-with-an-account", other.page)
    is_noor = Account.email == INVITED
    with app.app_context(), transaction():
        run(update(Account).where(is_noor).values(removed_at=other.clock()))
    other.page.reload()
    other.sees("Welcome back")
    take("invited-to-come-back", other.page)
    with app.app_context(), transaction():
        run(delete(Account).where(is_noor))


def _walk_acts(visitor: Visitor, take: Callable[[str], None], member: str) -> None:
    """Through what may be done about a member, whose page has that address."""
    visitor.open(member)
    visitor.sees("Jun Park")
    take("member")
    for act, title in (
        ("role", "Change role"),
        ("sign-out", "Sign out everywhere"),
        ("remove", "Remove from organization"),
        ("lock", "Lock"),
    ):
        visitor.open(f"{member}/{act}")
        visitor.sees(title)
        take(f"member-{act}")
    visitor.press("Lock")
    visitor.is_refused()
    take("member-lock-refused")
    visitor.fill("Reason", "#4711")
    visitor.press("Lock")
    visitor.reads("The account is locked.")
    take("member-locked")
    visitor.follow("Unlock")
    visitor.sees("Unlock")
    take("member-unlock")
    visitor.fill("Reason", "#4711")
    visitor.press("Unlock")
    visitor.reads("The account is unlocked.")


def _walk_help(visitor: Visitor, take: Callable[[str], None], app: Flask) -> None:
    """Through the help for a member who is locked out."""
    with helped(app, visitor.clock()) as (member, move_on):
        _walk_acts(visitor, take, f"/organization/members/{member}")
        visitor.open(f"/organization/members/{member}/reset")
        visitor.sees("Reset 2-step verification")
        take("reset-ask")
        move_on(State.WAITING)
        visitor.open("/organization/members")
        visitor.sees("Waiting for a second administrator")
        take("members-reset-waits")
        visitor.open(f"/organization/members/{member}")
        visitor.sees("A reset waits for approval")
        take("member-reset-waits")
        visitor.follow("Approve")
        visitor.sees("Approve the reset")
        take("reset-approve")
        move_on(State.OUT)
        visitor.open(f"/organization/members/{member}")
        visitor.sees("A link to reset is out")
        take("member-reset-link-out")
        visitor.follow("Withdraw the link")
        visitor.sees("Withdraw the link")
        take("reset-withdraw")
        move_on(State.STOPPED)
        visitor.open(f"/organization/members/{member}")
        visitor.sees("The member has stopped a reset")
        take("member-reset-stopped")
        move_on(State.WAITING, 1)
        visitor.open("/account/two-step")
        visitor.sees("2-step verification is on")
        take("two-step-on-with-a-reset-that-waits")


def _walk_back(visitor: Visitor, take: Callable[..., None], other: Visitor, app: Flask) -> None:
    """The way back of somebody who has lost everything, as far as it leaves their second step on."""
    page = visitor.page
    before = app.extensions["mfa_settings"]
    app.extensions["mfa_settings"] = replace(before, recovery_days=7)
    visitor.clock.advance(minutes=2)
    page.goto("/sign-in")
    visitor.type_password(NEW_EMAIL)
    visitor.sees("2-step verification")
    take("verify-code-with-a-way-back")
    visitor.follow("I have lost everything")
    visitor.sees("I have lost everything")
    take("lost")
    visitor.press("Send authentication number")
    visitor.is_offered("Authentication number")
    take("lost-number")
    number = visitor.letter("Your %(product)s authentication number", to=NEW_EMAIL).number
    visitor.enter("Authentication number", number, "Begin the wait")
    expect(page.locator(".lead[data-said]")).to_be_visible()
    take("lost-waiting")
    for days in (3.5, 2.5, 1):
        visitor.clock.advance(days=days)
        work(app)
    visitor.letter("The wait is over: set up 2-step verification again", to=NEW_EMAIL)
    page.goto("/sign-in")
    visitor.type_password(NEW_EMAIL)
    visitor.sees("2-step verification")
    visitor.follow("I have lost everything")
    expect(page.get_by_role("button", name=visitor.say("Send again"))).to_be_visible()
    take("lost-wait-over")
    visitor.follow("Back to 2-step verification")
    visitor.enter("Authentication code", visitor.next_code(), "Verify")
    visitor.is_in()
    app.extensions["mfa_settings"] = before
    with app.app_context():
        two_step.help(db.session.get(Account, 1), by="support", reason="#4711")
        db.session.remove()
    text = visitor.letter("Set up 2-step verification again", to=NEW_EMAIL).text
    back, stop = re.findall(r"https?://\S+", text)[:2]
    page.goto("/")
    take("console-with-a-way-back")
    page.goto("/account/two-step")
    take("two-step-on-with-a-way-back")
    visitor.sign_out()
    visitor.type_password(NEW_EMAIL)
    visitor.sees("2-step verification")
    take("verify-code-with-the-press-that-stops-it")
    other.page.goto(back)
    take("way-back", other.page)
    other.page.goto(stop)
    take("way-back-stop", other.page)
    other.press("This wasn’t me")
    other.sees("It was stopped")
    take("way-back-stopped", other.page)
    other.page.goto(back)
    take("way-back-ended", other.page)


def _require(app: Flask, since: datetime | None) -> None:
    """Have the organization require 2-step verification since then, or not at all."""
    with app.app_context(), transaction():
        run(update(OrganizationSettings).values(administrators_since=since, members_since=since))


def _close_sign_up(app: Flask, *, is_closed: bool) -> None:
    """Have the organization let only invited people create an account, or everybody."""
    with app.app_context(), transaction():
        run(update(OrganizationSettings).values(sign_up_closed=is_closed))


def _lock_for_a_while(app: Flask, now: datetime) -> None:
    """Leave in the organization's activity what an owner and an operator did."""
    with app.app_context(), transaction():
        audit.write_down(audit.Event.MEMBER_LOCKED, actor=1, subject=2, reason="#4711", now=now)
        audit.write_down(audit.Event.MEMBER_UNLOCKED, actor=None, subject=2, reason="#4711", now=now)


@dataclass(frozen=True)
class Look:
    """How somebody looks at the screens: options of Playwright's browser context, and a language."""

    options: Mapping[str, Any]
    language: str = "en"


@contextmanager
def visiting(browser: Browser, look: Look) -> Iterator[tuple[Visitor, Visitor, Flask]]:
    """An installation of its own, and two browsers of one person there."""
    with tempfile.TemporaryDirectory() as folder:
        inbox, clock = Inbox(), Clock()
        app_clock.install(clock)
        config = {
            **SETTINGS,
            "INSTANCE_PATH": folder,
            "SERVER_NAME": f"127.0.0.1:{free_port()}",
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": inbox.port,
            "EVENT_LOG": "none",
            "SUPPORT_ADDRESS": "help@example.com",
        }
        make_empty(create_app(config))
        app = create_app(config)
        with serving(app) as url:
            options = {
                "base_url": url,
                "reduced_motion": "reduce",
                "locale": LOCALES[look.language],
                **look.options,
            }
            contexts = browser.new_context(**options), browser.new_context(**options)
            visitor, other = (Visitor(context, inbox, clock, look.language) for context in contexts)
            yield visitor, other, app
            for context in contexts:
                context.close()
        app.extensions["mfa_mail_worker"].stop()
        inbox.stop()
        app_clock.reset()


class Gallery:
    """Numbers the pictures in the order of the journey."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.folder, self.prefix = folder, prefix
        self.names: list[str] = []

    def take(self, page: Page, name: str) -> None:
        settle(page)
        self.names.append(f"{len(self.names) + 1:02}-{name}")
        page.screenshot(path=self.folder / f"{self.prefix}-{self.names[-1]}.png", caret="initial")


def write_index(folder: Path, prefixes: list[str], names: list[str]) -> None:
    """A page with every screen, a row each, at every look side by side."""
    heads = "".join(f"<th>{prefix}</th>" for prefix in prefixes)
    rows = "".join(
        f"<tr><th>{name}</th>"
        + "".join(
            f'<td><a href="{file}"><img src="{file}" alt="" loading="lazy"></a></td>'
            for file in (f"{prefix}-{name}.png" for prefix in prefixes)
        )
        + "</tr>"
        for name in names
    )
    (folder / "index.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Twostep: every screen</title>'
        "<style>body{font:14px system-ui}th{position:sticky;top:0;left:0;background:#fff;text-align:left}"
        "img{width:260px;border:1px solid #ccc}td{vertical-align:top}</style>"
        f"<table><tr><th></th>{heads}</tr>{rows}</table></html>",
        encoding="utf-8",
    )


def animate(pictures: list[Path], target: Path) -> None:
    """One moving picture of some, each shown for a while."""
    frames = [
        Image.open(picture).convert("RGB").resize((960, 600), Image.Resampling.LANCZOS)
        for picture in pictures
    ]
    frames[0].save(
        target,
        save_all=True,
        append_images=frames[1:],
        duration=FRAME_MILLISECONDS,
        loop=0,
        quality=80,
        method=6,
    )


def main() -> None:
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir()
    FOLDER.mkdir(parents=True, exist_ok=True)
    prefixes, names = [], []
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for language in LOCALES:
            for width, size in {"desktop": DESKTOP, "phone": PHONE}.items():
                for scheme in ("light", "dark"):
                    prefixes.append(f"{language}-{width}-{scheme}")
                    gallery = Gallery(GALLERY, prefixes[-1])
                    with visiting(browser, Look({**size, "color_scheme": scheme}, language)) as (
                        visitor,
                        other,
                        app,
                    ):
                        walk(visitor, gallery, other, app)
                    names = gallery.names
                    print(f"{prefixes[-1]}: {len(names)} screens")  # noqa: T201
        browser.close()
    write_index(GALLERY, prefixes, names)
    numbered = {name[3:]: GALLERY / f"en-desktop-light-{name}.png" for name in names}
    for name in IN_README:
        shutil.copy(numbered[name], FOLDER / f"desktop-{name}.png")
    animate([numbered[name] for name in WIZARD], FOLDER / "wizard.webp")


if __name__ == "__main__":
    main()
