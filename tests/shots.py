"""``make shots``: a picture of every screen of the journey, in each language, width and scheme.

Into ``.shots/``, with an index page. The ones that the README shows, and an animation of the wizard, also go
into ``docs/screens/``. The same walk as in the tests, with the same real parts.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from console import create_app
from console.extensions import db
from mfa import clock as app_clock
from mfa.attempts import rules as attempts
from tests.conftest import SETTINGS
from tests.journeys.visitor import EMAIL, PASSWORD, PHONE, Visitor
from tests.support import chromium
from tests.support.clock import Clock
from tests.support.database import make_empty
from tests.support.server import serving
from tests.support.smtp import Inbox, free_port

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / ".shots"
FOLDER = ROOT / "docs" / "screens"
NEW_EMAIL = "mina@example.net"
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

    visitor.press("Account management")
    visitor.sees("Profile")
    take("profile")
    visitor.press("Change email")
    visitor.sees("Change your email")
    take("change-email")
    visitor.follow("Password")
    visitor.sees("Password")
    take("password")
    visitor.follow("2-Step Verification")
    visitor.sees("2-step verification is off")
    take("two-step-off")

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

    other.page.goto("/sign-in")
    other.type_password()
    other.app = visitor.app
    other.enter("Authentication code", visitor.next_code(), "Verify")
    other.is_in()
    visitor.follow("Sessions")
    visitor.sees("Sessions")
    take("sessions")

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
    visitor.sign_out()
    page.goto("/forgot-password")
    take("forgot-password")
    page.context.clear_cookies(name=app.config["DEVICE_COOKIE_NAME"])
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
        app.extensions["mail_worker"].stop()
        inbox.stop()
        app_clock.reset()


def settle(page: Page) -> None:
    """Wait until nothing is on its way and nothing moves."""
    page.wait_for_load_state("networkidle")
    page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished))")


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
        browser = playwright.chromium.launch(executable_path=chromium.install(), args=list(chromium.FLAGS))
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
