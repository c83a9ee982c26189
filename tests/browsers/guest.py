"""Somebody at a browser that Playwright does not drive: Debian's Firefox and WebKit."""

from __future__ import annotations

from tests.journeys.walks import HURRY, Walks
from tests.support.authenticator import read_qr
from tests.support.clock import Clock
from tests.support.page import BUTTON, FIELD, HEADING, PICTURE, Page
from tests.support.person import Person
from tests.support.smtp import Inbox


class Guest(Walks):
    """Somebody who goes the product's ways in any browser that has a :class:`Page`.

    :param url: where the product is served.
    :param script: whether the browser runs JavaScript.
    """

    def __init__(self, page: Page, url: str, inbox: Inbox, clock: Clock, *, script: bool = True) -> None:
        super().__init__(inbox, clock)
        self.page, self.url, self.script = page, url, script

    def open(self, url: str) -> None:
        self.page.open(self.url + url if url.startswith("/") else url)

    def press(self, name: str) -> None:
        self.page.press(self.say(name))

    def press_if_shown(self, name: str) -> None:
        if self.page.named(BUTTON, self.say(name)):
            self.press(name)

    def follow(self, name: str, **values: object) -> None:
        self.page.follow(self.say(name, **values))

    def fill(self, label: str, text: str) -> None:
        self.page.fill(self.say(label), text)

    def type(self, label: str, text: str) -> None:
        self.fill(label, text)

    def choose(self, option: str) -> None:
        self.tick(option)

    def tick(self, label: str) -> None:
        self.page.tick(self.say(label))

    def sees(self, heading: str, **values: object) -> None:
        self.page.find(HEADING, self.say(heading, **values))

    def reads(self, text: str, **values: object) -> None:
        self.page.reads(self.say(text, **values))

    def is_offered(self, name: str) -> None:
        self.page.find(f"{BUTTON}, {FIELD}", self.say(name))

    def is_on(self, path: str) -> None:
        self.page.is_on(path)

    def holds(self, label: str, text: str) -> None:
        self.page.until(lambda: self.page.value(self.say(label)) == text, f"“{label}” does not hold {text}")

    def texts(self, css: str) -> list[str]:
        return self.page.texts(css)

    def scans(self, name: str) -> str:
        picture = self.page.find(PICTURE, self.say(name))
        # WebKit may not have drawn yet what it shows.
        return self.page.until(lambda: _qr(self.page.picture(picture)), f"“{name}” can't be read")

    def runs_script(self) -> bool:
        if self.script:
            self.page.until(lambda: self.page.elements("html.mfa-js"), "the page has not run its script")
        return self.script

    def hurry(self) -> None:
        self.page.until(lambda: self.page.driver.execute_script(HURRY), "the page is busy for long")

    def arrive(self, person: Person) -> Guest:
        """Go on in this browser as *person*, who is signed in and has come so far without one."""
        self.open("/sign-in")
        for cookie in person.cookies():
            self.page.driver.add_cookie({"name": cookie["name"], "value": cookie["value"], "path": "/"})
        if person.app_on_phone:
            self.app, self.recovery_codes = person.app_on_phone, person.recovery_codes
        self.open("/")
        self.is_in()
        return self


def _qr(png: bytes) -> str:
    try:
        return read_qr(png)
    except ValueError:
        return ""
