"""``make shots``: a picture of every screen of the journey, desktop and phone, light and dark.

Into ``docs/screens/WIDTH-SCHEME-NN-NAME.png``. The same walk as in the tests, with the same real parts.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from mfa import clock as app_clock, create_app
from mfa.attempts import rules as attempts
from mfa.extensions import db
from tests.conftest import SETTINGS
from tests.journeys.visitor import EMAIL, PASSWORD, PHONE, Visitor
from tests.support import chromium
from tests.support.clock import Clock
from tests.support.database import make_empty
from tests.support.server import serving
from tests.support.smtp import Inbox, free_port

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screens"
NEW_EMAIL = "mina@example.net"
DESKTOP = {"viewport": {"width": 1280, "height": 800}}


class Taker(Protocol):
    """Whoever is shown each screen of the walk."""

    def take(self, page: Page, name: str) -> None: ...


class Gallery:
    """Numbers the pictures in the order of the journey."""

    def __init__(self, prefix: str) -> None:
        self.prefix, self.count = prefix, 0

    def take(self, page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished))")
        self.count += 1
        path = FOLDER / f"{self.prefix}-{self.count:02}-{name}.png"
        page.screenshot(path=path, caret="initial")
        print(path.name)  # noqa: T201


def walk(visitor: Visitor, gallery: Taker, other: BrowserContext, app: Flask) -> None:
    page = visitor.page

    def take(name: str, of: Page = page) -> None:
        gallery.take(of, name)

    page.goto("/sign-in")
    take("sign-in")
    page.goto("/sign-up")
    page.get_by_label("Email", exact=True).fill("mina.park")
    visitor.press("Continue")
    page.locator(".error").wait_for()
    take("sign-up-refused")
    page.get_by_label("Email", exact=True).fill(EMAIL)
    visitor.press("Continue")
    visitor.sees("Check your inbox")
    take("check-inbox")
    page.goto(visitor.inbox.wait_for("Create your").link)
    visitor.fill("Name", "Mina Park")
    take("create-account")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Create account")
    visitor.is_in()
    take("console")

    visitor.press("Account management")
    visitor.sees("Profile")
    take("profile")
    visitor.press("Change email")
    visitor.sees("Change your email")
    take("change-email")
    page.get_by_role("link", name="Password", exact=True).click()
    visitor.sees("Password")
    take("password")
    page.get_by_role("link", name="2-Step Verification", exact=True).click()
    visitor.sees("2-step verification is off")
    take("two-step-off")

    visitor.press("Activate 2-Step Verification")
    visitor.sees("Verify your email")
    take("wizard-1-email")
    visitor.send_number()
    take("wizard-1-number")
    letter = visitor.inbox.wait_for("authentication number")
    link_page = other.new_page()
    link_page.goto(letter.link)
    take("link-in-another-browser", link_page)
    same_browser = visitor.context.new_page()
    same_browser.goto(letter.link)
    take("link-in-the-same-browser", same_browser)
    same_browser.close()
    visitor.enter("Authentication number", letter.number, "Next")
    visitor.sees("Scan the QR code")
    take("wizard-2-scan")
    page.get_by_text("Can't scan it?").click()
    take("wizard-2-key")
    visitor.scan()
    visitor.sees("Enter the code from your app")
    take("wizard-3-code")
    visitor.enter("Authentication code", visitor.app.code(visitor.clock.seconds - 420), "Next")
    page.locator(".error").wait_for()
    take("wizard-3-wrong-clock")
    visitor.enter_code()
    visitor.sees("Save your recovery codes")
    take("wizard-4-recovery-codes")
    visitor.save_codes()
    visitor.sees("2-step verification is on.")
    take("wizard-done")
    visitor.press("Done")
    visitor.sees("2-step verification is on")
    take("two-step-on")

    elsewhere = other.new_page()
    elsewhere.goto("/sign-in")
    elsewhere.get_by_label("Email", exact=True).fill(EMAIL)
    elsewhere.get_by_label("Password", exact=True).fill(PASSWORD)
    elsewhere.get_by_role("button", name="Sign in").click()
    elsewhere.get_by_label("Authentication code").fill(visitor.next_code())
    elsewhere.get_by_role("heading", name="Hello, Mina Park").wait_for()
    page.get_by_role("link", name="Sessions", exact=True).click()
    visitor.sees("Sessions")
    take("sessions")
    page.get_by_role("link", name="2-Step Verification", exact=True).click()
    visitor.sees("2-step verification is on")

    page.goto("/account/profile/email")
    visitor.fill("New email", NEW_EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.fill("Authentication code", "000000")
    visitor.press("Send link")
    page.locator(".error").wait_for()
    take("change-email-refused")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.fill("Authentication code", visitor.next_code())
    visitor.press("Send link")
    visitor.sees("Check your inbox")
    take("change-email-sent")
    page.goto(visitor.inbox.wait_for("Confirm your new", to=NEW_EMAIL).link)
    visitor.sees("Confirm your new email")
    take("change-email-confirm")
    visitor.press("Confirm")
    visitor.sees("Your email is changed.")
    take("change-email-done")
    undo = other.new_page()
    undo.goto(visitor.inbox.wait_for("address was changed", to=EMAIL).link)
    take("change-email-undo", undo)
    page.get_by_role("link", name="Activity", exact=True).click()
    visitor.sees("Activity")
    take("activity")
    page.get_by_role("link", name="2-Step Verification", exact=True).click()
    visitor.sees("2-step verification is on")

    visitor.press("Move to a new phone")
    visitor.sees("Move to a new phone")
    take("move-password")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Next")
    page.get_by_role("radio", name="Recovery code").check()
    visitor.fill("Recovery code", visitor.recovery_codes[0])
    take("move-verify")
    visitor.press("Next")
    visitor.sees("Scan the QR code")
    take("move-scan")
    visitor.scan("Step 1 of 3", NEW_EMAIL)
    visitor.sees("Enter the code from your app")
    take("move-code")
    page.goto("/account/two-step")
    visitor.sees("2-step verification is on")
    take("two-step-on-with-a-move-begun")
    page.get_by_role("link", name="Continue at step 2 of 3").click()
    visitor.enter_code("Step 2 of 3")
    visitor.sees("Save your recovery codes")
    take("move-recovery")
    visitor.save_codes("Step 3 of 3")
    visitor.sees("Your new phone is set up.")
    take("move-done")
    visitor.press("Done")
    visitor.sees("2-step verification is on")

    visitor.press("Reissue Recovery Code")
    visitor.sees("Reissue Recovery Code")
    take("reissue-password")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Next")
    visitor.sees("Save your recovery codes")
    take("reissue-codes")
    page.goto("/account/two-step/disable")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.press("Next")
    page.get_by_role("radio", name="Authentication code").wait_for()
    take("disable")
    page.goto("/account/two-step/enroll/scan")
    take("step-ended")

    visitor.sign_out()
    visitor.type_password(NEW_EMAIL)
    visitor.sees("2-step verification")
    take("verify-code")
    visitor.enter("Authentication code", "000000", "Verify")
    page.locator(".error").wait_for()
    take("verify-refused")
    page.get_by_role("link", name="Use a recovery code instead").click()
    visitor.fill("Recovery code", visitor.recovery_codes[0])
    take("verify-recovery-code")
    visitor.press("Verify")
    visitor.is_in()
    take("console-after-recovery-code")
    page.goto("/account/activity")
    take("activity-after-a-refusal")
    page.goto("/nothing")
    take("not-found")
    visitor.sign_out()
    page.goto("/forgot-password")
    take("forgot-password")
    with app.app_context():
        for _ in range(attempts.MOST_FAILURES):
            attempts.count("account:1", attempts.SECOND_STEP_FAILURES, visitor.clock())
        db.session.remove()
    page.goto("/sign-in")
    visitor.type_password(NEW_EMAIL)
    visitor.sees("Confirm that it is you")
    take("confirm-first")
    visitor.press("Send link")
    visitor.reads("We sent a mail to")
    take("confirm-first-sent")
    page.goto(visitor.inbox.wait_for("Confirm that you are signing in", to=NEW_EMAIL).link)
    take("confirm-first-link")


def picture(browser: Browser, width: str, scheme: str, empty: Path) -> None:
    """Walk once through everything, with a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty, Path(folder) / "twostep.db")
        inbox, clock = Inbox(), Clock()
        app_clock.install(clock)
        app = create_app(
            {
                **SETTINGS,
                "INSTANCE_PATH": folder,
                "SERVER_NAME": f"127.0.0.1:{free_port()}",
                "MAIL_SERVER": "127.0.0.1",
                "MAIL_PORT": inbox.port,
                "EVENT_LOG": "none",
            }
        )
        with serving(app) as url:
            options = {
                **(PHONE if width == "phone" else DESKTOP),
                "color_scheme": scheme,
                "base_url": url,
                "reduced_motion": "reduce",
            }
            context, other = browser.new_context(**options), browser.new_context(**options)
            walk(Visitor(context, inbox, clock), Gallery(f"{width}-{scheme}"), other, app)
            context.close()
            other.close()
        app.extensions["mail_worker"].stop()
        inbox.stop()


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        if re.match(r"(desktop|phone)-(light|dark)-", old.name):
            old.unlink()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        empty = make_empty(create_app({**SETTINGS, "INSTANCE_PATH": folder}))
        browser = playwright.chromium.launch(executable_path=chromium.install(), args=list(chromium.FLAGS))
        for width in ("desktop", "phone"):
            for scheme in ("light", "dark"):
                picture(browser, width, scheme, empty)
        browser.close()


if __name__ == "__main__":
    main()
