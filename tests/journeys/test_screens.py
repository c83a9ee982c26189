"""Every screen of the gallery, looked at as different people see it.

A walk takes half a minute, so its screens get every look that one browser can take in turn; then each claim
is tested on what was found on the way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys.visitor import PHONE
from tests.shots import DESKTOP, Look, visiting, walk
from tests.support.still import settle

pytestmark = pytest.mark.looks


@dataclass(frozen=True)
class Other:
    """Another way to look at a page that is open already.

    :param media: what Playwright emulates.
    :param phone: whether the page is shown as a phone shows it, and touched.
    """

    width: int
    height: int
    media: Mapping[str, Any] = field(default_factory=dict)
    phone: bool = False

    @contextmanager
    def at(self, page: Page) -> Iterator[None]:
        """Look at *page* in this way, and then as before."""
        before = page.viewport_size
        assert before
        page.set_viewport_size({"width": self.width, "height": self.height})
        page.emulate_media(**self.media)
        with self._on_a_phone(page) if self.phone else nullcontext():
            settle(page)
            yield
        page.set_viewport_size(before)
        page.emulate_media(**dict.fromkeys(self.media, "null"))

    @contextmanager
    def _on_a_phone(self, page: Page) -> Iterator[None]:
        """Playwright decides this for a whole browser context, with these two commands."""
        session = page.context.new_cdp_session(page)
        size = {"width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": True}
        session.send("Emulation.setDeviceMetricsOverride", size)
        session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        assert page.evaluate(IS_PHONE)
        yield
        session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        session.send("Emulation.clearDeviceMetricsOverride")
        assert not page.evaluate(IS_PHONE)
        session.detach()


@dataclass(frozen=True)
class Walk:
    """One walk, and how each of its screens is looked at.

    :param look: how the person looks who walks.
    :param own: the name of that look.
    :param others: by their names, the looks besides.
    """

    look: Look
    own: str
    others: Mapping[str, Other]


IS_PHONE = "matchMedia('(pointer: coarse)').matches"
WALKS = (
    Walk(
        Look({**DESKTOP, "color_scheme": "light"}),
        "desktop-light",
        {
            "enlarged-four-times": Other(320, 256),
            "phone-more-contrast": Other(**PHONE["viewport"], media={"contrast": "more"}, phone=True),
        },
    ),
    Walk(
        Look({**PHONE, "color_scheme": "dark"}, "ko"),
        "korean-phone-dark",
        {"korean-desktop-forced-colors": Other(1280, 800, {"forced_colors": "active"})},
    ),
)
WALK_OF = {look: walk for walk in WALKS for look in (walk.own, *walk.others)}
AT_A_DESK = "desktop-light"
"""The look whose accessibility trees are kept."""
TREES = Path(__file__).resolve().parent / "trees"
UPDATE = "UPDATE_TREES"
"""An environment variable; set, the accessibility trees are written and not compared."""

# What can't be brought whole into view, or is covered there by something else.
OUT_OF_REACH = """() => {
    const found = [];
    if (document.scrollingElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
    const modal = document.querySelector("dialog:modal");
    const root = modal ?? document;
    if (modal && modal.scrollWidth > modal.clientWidth) found.push("the modal scrolls sideways");
    for (const action of root.querySelectorAll("a, button, input:not([type=hidden]), select, summary")) {
        if (!action.checkVisibility()) continue;
        action.scrollIntoView({ block: "center", inline: "center" });
        const { left, right, top, width, height } = action.getBoundingClientRect();
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        const met = hit && (action.contains(hit) || hit.contains(action));
        if (left < 0 || right > innerWidth || !met) found.push(action.outerHTML.slice(0, 100));
    }
    return found;
}"""

# What touches a box, and buttons of one column that are not equally wide.
OUT_OF_LINE = """() => {
    const found = [];
    const shown = (css, root = document) =>
        [...root.querySelectorAll(css)].filter(element => element.checkVisibility());
    const rect = element => element.getBoundingClientRect();
    const name = element => element.outerHTML.slice(0, 60);
    for (const box of shown(".note, .notice, .done-line, .panel__note, .number, .codes")) {
        let next = box.nextElementSibling;
        while (next && !next.checkVisibility()) next = next.nextElementSibling;
        if (next && rect(next).top - rect(box).bottom < 8) found.push(`${name(box)} touches ${name(next)}`);
    }
    for (const ways of shown(".notice__ways"))
        if (rect(ways).left !== rect(ways.parentElement).left) found.push(`${name(ways)} follows a text`);
    // On a phone every row of these is as wide as its box.
    for (const tools of innerWidth < 480 ? shown(".codes__tools") : []) {
        const last = new Map(shown(".button", tools).map(button => [rect(button).top, rect(button).right]));
        const uneven = [...last.values()].some(right => right < rect(tools).right - 1);
        if (uneven) found.push(`${name(tools)} is uneven`);
    }
    for (const column of shown(".card, .panel__ways")) {
        // A press inside a note belongs to the note.
        const buttons = shown(".button", column).filter(button => !button.closest(".note"));
        const widths = buttons.map(button => Math.round(rect(button).width));
        if (new Set(widths).size > 1) found.push(`${name(column)} has buttons of ${widths}`);
        if (column.matches(".card") && widths.length) {
            const heading = rect(column.querySelector("h1")).width;
            if (widths[0] < Math.floor(heading)) found.push(`${name(column)} is wider than its buttons`);
        }
    }
    return found;
}"""

# What can be read, and what is read out, without what people typed.
READABLE = """() => [
    document.title,
    (document.querySelector("dialog:modal") ?? document.body).innerText,
    ...[...document.querySelectorAll("[aria-label], [alt], [title], [placeholder]")].flatMap(
        ({ ariaLabel, alt, title, placeholder }) => [ariaLabel, alt, title, placeholder]
    ),
].filter(Boolean).join("\\n")"""
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4")]
    .filter(heading => heading.checkVisibility()).map(({ tagName }) => Number(tagName[1]))"""
FOUND = f"() => [{', '.join(f'({find})()' for find in (OUT_OF_REACH, OUT_OF_LINE, READABLE, HEADINGS))}]"
"""All of it at once: a hundred screens are asked in five looks."""
# The same in every language: names, and what is no word.
NAMES = {
    *(
        "Twostep",
        "Mina",
        "Park",
        "Jun",
        "Kim",
        "QR",
        "UTC",
        "iPhone",
        "iPad",
        "Android",
        "English",
        "PNG",
        "CSV",
        "JSON",
        "Ctrl",
        "P",
        "K",
    ),
    *("Google", "Authenticator", "Aegis", "FAS", "Bitwarden", "KeePassXC", "Password", "HeadlessChrome"),
    *("Linux", "Chrome", "Mobile", "HeadlessChromeMobile", "AM", "PM", "MP"),
}
NOT_WORDS = re.compile(
    r"\S+@\S+|https?://\S+|\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b|\b[A-Z2-7]{4}\b|1Password|2FAS"
)
CHANGING = [
    (re.compile(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b"), "XXXX-XXXX-XXXX-XXXX"),
    (re.compile(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b"), "KEY"),
    (re.compile(r"\b[0-9]{6}\b"), "000000"),
    (re.compile(r"127\.0\.0\.1:[0-9]+"), "HOST"),
    (re.compile(r"otpauth://\S+"), "URI"),
    (re.compile(r"/[\w.-]{40,}"), "/TOKEN"),
    (re.compile(r"in [0-9]+ s\b"), "in N s"),
    (re.compile(r"[0-9]{1,2}:[0-9]{2}\s[AP]M"), "TIME"),
    # What is announced is gone after a moment.
    (re.compile(r"(- status): [^\n]*\Z"), r"\1"),
]


@dataclass
class Seen:
    """What one look found: pairs of the screen and the fault."""

    violations: list[tuple[str, str, str]] = field(default_factory=list)
    out_of_reach: list[tuple[str, str]] = field(default_factory=list)
    out_of_line: list[tuple[str, str]] = field(default_factory=list)
    english: list[tuple[str, set[str]]] = field(default_factory=list)
    headings: list[tuple[str, list[int]]] = field(default_factory=list)
    trees: dict[str, str] = field(default_factory=dict)


class Examiner:
    """Takes no picture of a screen, but looks at it in every way."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.seen = {look: Seen() for look in (walk.own, *walk.others)}
        self.axe_script = Axe().axe_script

    def take(self, page: Page, name: str) -> None:
        settle(page)
        seen = self.seen[self.walk.own]
        if self.walk.own == AT_A_DESK:
            seen.trees[name] = _steady(page.locator("dialog:modal, body").last.aria_snapshot())
        self._look(page, name, seen)
        for look, other in self.walk.others.items():
            with other.at(page):
                self._look(page, name, self.seen[look], forced_colors="forced_colors" in other.media)

    def _look(self, page: Page, name: str, seen: Seen, *, forced_colors: bool = False) -> None:
        for violation in self._violations(page, forced_colors=forced_colors):
            seen.violations += [(name, violation["id"], node["html"]) for node in violation["nodes"]]
        out_of_reach, out_of_line, readable, levels = page.evaluate(FOUND)
        seen.out_of_reach += [(name, what) for what in out_of_reach]
        seen.out_of_line += [(name, what) for what in out_of_line]
        words = set(re.findall(r"[A-Za-z]+", NOT_WORDS.sub("", readable))) - NAMES
        if words:
            seen.english.append((name, words))
        seen.headings.append((name, levels))

    def _violations(self, page: Page, *, forced_colors: bool) -> list[dict[str, Any]]:
        # Of WCAG 2.2 axe looks at the size of targets only when asked. In forced colors it would compare the
        # colors of the page, which the system has replaced.
        rules = {"target-size": {"enabled": True}, "color-contrast": {"enabled": not forced_colors}}
        if not page.evaluate("'axe' in window"):
            page.evaluate(self.axe_script)
        # Only the violations come over: all that passed is ten times as much. Styles are loaded for an
        # experimental rule alone, which does not run.
        found: list[dict[str, Any]] = page.evaluate(
            """rules => axe.run({ rules, resultTypes: ["violations"], preload: { assets: ["media"] } })
                .then(({ violations }) => violations)""",
            rules,
        )
        return found


def _steady(tree: str) -> str:
    """The tree without what is another each time."""
    for changing, steady in CHANGING:
        tree = changing.sub(steady, tree)
    return tree


@pytest.fixture(scope="module")
def seen_by_look() -> dict[str, Seen]:
    """What was found on the walks that have been made."""
    return {}


@pytest.fixture(scope="module", params=WALK_OF)
def look(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def seen(browser: Browser, look: str, seen_by_look: dict[str, Seen]) -> Seen:
    if look not in seen_by_look:
        examiner = Examiner(WALK_OF[look])
        with visiting(browser, examiner.walk.look) as (visitor, other, app):
            walk(visitor, examiner, other, app)
        seen_by_look |= examiner.seen
    assert len(seen_by_look[look].headings) > 50
    return seen_by_look[look]


def test_axe_finds_nothing(seen: Seen) -> None:
    assert seen.violations == []


def test_every_action_is_reached_and_nothing_scrolls_sideways(seen: Seen) -> None:
    assert seen.out_of_reach == []


def test_nothing_touches_a_box_and_columns_are_even(seen: Seen) -> None:
    assert seen.out_of_line == []


def test_no_level_of_headings_is_left_out(seen: Seen) -> None:
    wrong = [
        (name, levels)
        for name, levels in seen.headings
        if any(after > before + 1 for before, after in zip([0, *levels], levels, strict=False))
    ]
    assert wrong == []


def test_all_of_it_is_in_the_language_of_the_reader(seen: Seen, look: str) -> None:
    assert WALK_OF[look].look.language == "en" or seen.english == []


@pytest.mark.parametrize("look", [AT_A_DESK], indirect=True)
def test_the_accessibility_tree_is_the_one_that_was_read(seen: Seen) -> None:
    if os.environ.get(UPDATE):
        for old in TREES.glob("*.yml"):
            old.unlink()
        TREES.mkdir(exist_ok=True)
        for name, tree in seen.trees.items():
            (TREES / f"{name}.yml").write_text(tree + "\n", encoding="utf-8")
    kept = {path.stem: path.read_text(encoding="utf-8").rstrip("\n") for path in TREES.glob("*.yml")}
    assert seen.trees == kept
