"""A page in a browser that Playwright does not drive, and what a person does with it.

Everything is found by the name that the page gives it, as a screen reader would say it, and waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    NoSuchFrameException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.support import patience

Found = TypeVar("Found")

BUTTON = "button, input[type=submit]"
LINK = "a[href]"
HEADING = "h1, h2, h3, h4"
FIELD = "input:not([type=hidden], [type=checkbox], [type=radio]), textarea, select"
CHOICE = "input[type=checkbox], input[type=radio]"
PICTURE = "img, svg[role=img]"

# What a driver says of an element that is gone from a page that changes, or that can't be used yet.
# WebKit says the last one of a script in a page that goes.
_PASSING = (StaleElementReferenceException, NoSuchElementException, NoSuchFrameException)
_IN_THE_WAY = (ElementClickInterceptedException, ElementNotInteractableException)

# One question for all elements: Selenium's own is_displayed() sends 50 KB of script for each. Only those that
# can have the name are then asked for the name that the browser computes, which takes it long.
_SHOWN = """
    const [css, name] = arguments;
    const line = (text) => (text ?? "").replace(/\\s+/g, " ");
    const mayBe = (element) =>
        [element, ...(element.labels ?? []), ...(element.ariaLabelledByElements ?? [])]
            .some((one) => line(one.textContent).includes(name))
        || ["aria-label", "alt", "title"].some((said) => line(element.getAttribute(said)).includes(name));
    return [...document.querySelectorAll(css)]
        .filter((element) => element.checkVisibility({visibilityProperty: true}) && mayBe(element));
"""


def until(
    look: Callable[[], Found],
    otherwise: str | Callable[[], str],
    *,
    seconds: float = patience.SECONDS,
    passing: tuple[type[Exception], ...] = (),
) -> Found:
    """Return what *look* returns as soon as it is true.

    :param otherwise: what the failure says if that takes longer than *seconds*.
    :param passing: errors that only mean that it is not so yet.
    """
    wait = WebDriverWait(None, seconds, poll_frequency=0.05, ignored_exceptions=passing)
    try:
        return wait.until(lambda _: look())
    except TimeoutException:
        raise AssertionError(otherwise if isinstance(otherwise, str) else otherwise()) from None


_LOADED = """
    const placed = () => document.activeElement !== document.body || !document.querySelector("[autofocus]");
    return document.readyState === "complete" && (window.wasPlaced ||= placed());
"""

_STANDS_STILL = """
    const [element] = arguments;
    const moves = ({ playState, effect }) =>
        playState === "running" && effect.getComputedTiming().endTime < Infinity
        && effect.target.contains(element);
    const { x, y, width, height } = element.getBoundingClientRect(), before = window.wasAt;
    const now = window.wasAt = [x, y, width, height];
    const isThere = before?.every((one, place) => Math.abs(one - now[place]) < 2) ?? false;
    return isThere && !document.getAnimations().some(moves);
"""
"""Since it was last asked. A click on what moves, as a dialog that opens, may be lost; on a busy machine it
may move so seldom that it seems to stand. Firefox scrolls by a pixel and back where the middle lies between
two."""

_TEXTS = """
    const line = ({ textContent }) => textContent.replace(/\\s+/g, " ").trim();
    return [...document.querySelectorAll(arguments[0])]
        .filter((element) => element.checkVisibility({visibilityProperty: true})).map(line);
"""
"""Selenium's own text of an element is empty while it fades in."""


class Page:
    """What a person can do with a page.

    :ivar driver: Selenium's, for all else.
    :ivar home: where the browser keeps everything, downloads included.
    """

    home: Path

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Go to *address* and wait until the page is loaded."""
        self.driver.get(address)

    @property
    def address(self) -> str:
        """The address of the page."""
        return self.driver.current_url

    def resize(self, width: int, height: int) -> None:
        """Make the page *width* pixels wide, in a window *height* pixels high."""
        self.driver.set_window_size(width, height)
        self.is_wide(width)

    def is_wide(self, width: int) -> None:
        """Wait until the page is *width* pixels wide."""
        self.until(
            lambda: self.driver.execute_script("return innerWidth") == width,
            f"the page is not {width} pixels wide",
        )

    def strike(self, key: str) -> None:
        """Press a key: a character, or one of Selenium's ``Keys``."""
        ActionChains(self.driver).send_keys(key).perform()

    # Looking

    def until(self, look: Callable[[], Found], otherwise: str | Callable[[], str]) -> Found:
        """Return what *look* returns as soon as it is true; elements may go meanwhile."""
        return until(look, otherwise, passing=_PASSING)

    def elements(self, css: str) -> list[WebElement]:
        """Return the elements that *css* selects, shown or not, without waiting."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def shown(self, css: str) -> list[WebElement]:
        """Return the elements that *css* selects and a person sees, without waiting."""
        # Firefox returns nothing while a page goes.
        return self.driver.execute_script(_SHOWN, css, "") or []

    def named(self, css: str, name: str) -> list[WebElement]:
        """Return those of the shown elements that have this *name*, without waiting."""
        shown: list[WebElement] = self.driver.execute_script(_SHOWN, css, name) or []
        return [element for element in shown if element.accessible_name == name]

    def find(self, css: str, name: str) -> WebElement:
        """Return the first shown element of this *name*, as soon as there is one."""
        return self.until(lambda: self.named(css, name), lambda: self._missing(css, name))[0]

    def picture(self, element: WebElement) -> bytes:
        """Return a PNG of what is seen once *element* is scrolled to.

        WebKit's picture of an SVG alone is blank, and what it has not drawn it may draw only once it moves.
        """
        self.driver.execute_script(
            "scrollTo(0, 0); arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
        )
        return self.driver.get_screenshot_as_png()

    # Doing

    def scroll_to(self, element: WebElement) -> None:
        """Bring *element* into view; WebKit's driver does not always do so before it clicks."""
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
        )

    def press(self, name: str, css: str = BUTTON) -> None:
        """Click the button of this *name* as soon as it can be clicked."""

        def press() -> bool:
            button = next(iter(self.named(css, name)), None)
            if button is None or not button.is_enabled() or not self._is_loaded():
                return False
            self.scroll_to(button)
            if not self.driver.execute_script(_STANDS_STILL, button):
                return False
            button.click()
            return True

        until(press, lambda: self._missing(css, name), passing=(*_PASSING, *_IN_THE_WAY))

    def follow(self, name: str) -> None:
        """Click the link of this *name*."""
        self.press(name, LINK)

    def fill(self, label: str, text: str) -> None:
        """Type *text* into the field of this *label*, in place of what it holds."""

        def fill() -> bool:
            field = next(iter(self.named(FIELD, label)), None)
            if field is None or not self._is_loaded():
                return False
            self.scroll_to(field)
            field.clear()
            field.send_keys(text)
            return self._holds(field, text)

        until(fill, lambda: self._missing(FIELD, label), passing=(*_PASSING, *_IN_THE_WAY))

    def tick(self, label: str) -> None:
        """Choose the checkbox or radio button of this *label*."""
        if not self.find(CHOICE, label).is_selected():
            self.press(label, CHOICE)
        self.until(lambda: self.find(CHOICE, label).is_selected(), f"“{label}” can't be chosen")

    def value(self, label: str) -> str:
        """Return what the field of this *label* holds."""
        return str(self.find(FIELD, label).get_property("value"))

    def texts(self, css: str) -> list[str]:
        """Return the texts of the shown elements that *css* selects, without waiting."""
        return self.driver.execute_script(_TEXTS, css) or []

    def text(self) -> str:
        """Return all that can be read on the page, its lines as one."""
        return " ".join(" ".join(body.text for body in self.elements("body")).split())

    def reads(self, text: str) -> None:
        """Wait until *text* can be read."""
        self.until(lambda: text in self.text(), lambda: f"“{text}” is not on {self.address}: {self.text()}")

    def is_on(self, path: str) -> None:
        """Wait until the address ends in *path*."""
        self.until(lambda: self.address.endswith(path), lambda: f"{self.address}, not {path}: {self.text()}")

    def _is_loaded(self) -> bool:
        """Until a page is loaded its focus may still move, and take keys with it.

        On a busy machine WebKit heeds ``autofocus`` long after that, whatever has the focus by then.
        """
        return bool(self.driver.execute_script(_LOADED))

    def _holds(self, field: WebElement, text: str) -> bool:
        """Tell whether every key has arrived; a field that sends its form by itself is gone by then."""
        try:
            return field.get_property("value") == text
        except _PASSING:
            return True

    def _missing(self, css: str, name: str) -> str:
        there = sorted({element.accessible_name for element in self.shown(css)})
        return f"no usable “{name}” on {self.address}, but {there}: {self.text()}"
