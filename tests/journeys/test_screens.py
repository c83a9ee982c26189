"""Every screen of the gallery, looked at as different people see it.

One walk for each look; then each claim is tested on what was found on the way.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys.visitor import PHONE
from tests.shots import DESKTOP, Look, settle, visiting, walk

pytestmark = pytest.mark.looks

LOOKS = {
    "desktop-light": Look({**DESKTOP, "color_scheme": "light"}),
    "korean-phone-dark": Look({**PHONE, "color_scheme": "dark"}, "ko"),
    "korean-desktop-forced-colors": Look(
        {**DESKTOP, "color_scheme": "dark", "forced_colors": "active"}, "ko"
    ),
    "phone-more-contrast": Look({**PHONE, "color_scheme": "light", "contrast": "more"}),
    "enlarged-four-times": Look({"viewport": {"width": 320, "height": 256}}),
}
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
        const widths = shown(".button", column).map(button => Math.round(rect(button).width));
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
# The same in every language: names, and what is no word.
NAMES = {
    *(
        "Twostep",
        "Mina",
        "Park",
        "QR",
        "UTC",
        "iPhone",
        "iPad",
        "Android",
        "English",
        "PNG",
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

    def __init__(self, look: Look) -> None:
        self.axe, self.seen = Axe(), Seen()
        # axe takes the colors of the page for those of the system that stand in their place.
        contrast = {"color-contrast": {"enabled": "forced_colors" not in look.options}}
        # Of WCAG 2.2 axe looks at the size of targets only when asked.
        self.options = {"rules": {"target-size": {"enabled": True}, **contrast}}

    def take(self, page: Page, name: str) -> None:
        settle(page)
        seen = self.seen
        seen.trees[name] = _steady(page.locator("dialog:modal, body").last.aria_snapshot())
        for violation in self.axe.run(page, options=self.options).response["violations"]:
            seen.violations += [(name, violation["id"], node["html"]) for node in violation["nodes"]]
        seen.out_of_reach += [(name, what) for what in page.evaluate(OUT_OF_REACH)]
        seen.out_of_line += [(name, what) for what in page.evaluate(OUT_OF_LINE)]
        words = set(re.findall(r"[A-Za-z]+", NOT_WORDS.sub("", page.evaluate(READABLE)))) - NAMES
        if words:
            seen.english.append((name, words))
        levels = page.evaluate(
            """[...document.querySelectorAll("h1, h2, h3, h4")]
                .filter(heading => heading.checkVisibility()).map(({ tagName }) => Number(tagName[1]))"""
        )
        seen.headings.append((name, levels))


def _steady(tree: str) -> str:
    """The tree without what is another each time."""
    for changing, steady in CHANGING:
        tree = changing.sub(steady, tree)
    return tree


@pytest.fixture(scope="module", params=LOOKS.values(), ids=LOOKS)
def look(request: pytest.FixtureRequest) -> Look:
    found: Look = request.param
    return found


@pytest.fixture(scope="module")
def seen(browser: Browser, look: Look) -> Seen:
    examiner = Examiner(look)
    with visiting(browser, look) as (visitor, other, app):
        walk(visitor, examiner, other, app)
    return examiner.seen


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


def test_all_of_it_is_in_the_language_of_the_reader(seen: Seen, look: Look) -> None:
    assert look.language == "en" or seen.english == []


def test_the_accessibility_tree_is_the_one_that_was_read(seen: Seen, look: Look) -> None:
    if look != LOOKS["desktop-light"]:
        assert seen.trees
        return
    if os.environ.get(UPDATE):
        for old in TREES.glob("*.yml"):
            old.unlink()
        TREES.mkdir(exist_ok=True)
        for name, tree in seen.trees.items():
            (TREES / f"{name}.yml").write_text(tree + "\n", encoding="utf-8")
    kept = {path.stem: path.read_text(encoding="utf-8").rstrip("\n") for path in TREES.glob("*.yml")}
    assert seen.trees == kept
