"""Names: as people write them, without what came along with a paste, and what is refused and why."""

from __future__ import annotations

import unicodedata

import pytest

from console.accounts import names
from console.accounts.models import Account
from tests.support.person import Person

FAMILY = "👨‍👩‍👧"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    "name",
    [
        "علی\u200cرضا",
        "ශ්\u200dරී ලංකා",
        "प्रकाश र्\u200dहाडे",
        "র\u200d্যাম",
        "അനില്\u200d",
        f"{FAMILY} Kim",
        "👍🏽 Bo",
        "🏴‍☠️",
        "Mina 🫩",
        ENGLAND,
        "ᠨᠠᠷᠠᠨ\u180eᠠ",
        "O’Neil-Łukasz",
        "김민아",
    ],
)
def test_a_name_is_taken_as_it_is_written(name: str) -> None:
    assert names.clean(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "typed",
    [
        "\u202bMina\u202c Park",
        "\u2068Mina Park\u2069",
        "\u200eMina\u200f \u061cPark",
        "\ufeffMina Park",
        "Mi\u00adna Park",
        "Mina\u200b Park\u2060",
        "Mina\u00a0\u3000Park",
        "Mina\u200c \u200dPark\u200c",
        "\u200dMina Park",
    ],
)
def test_marks_that_came_with_a_paste_are_dropped(typed: str) -> None:
    assert names.clean(typed) == "Mina Park"


@pytest.mark.parametrize(
    "blank", ["", " \t\n", "\u200b", "\u200d", "\u3164", "\u2800\u2800", "\uffa0 \u115f", "\u0301"]
)
def test_a_name_that_nobody_sees_is_empty(blank: str) -> None:
    with pytest.raises(names.EmptyName):
        names.clean(blank)


@pytest.mark.parametrize(
    ("name", "code_point"),
    [
        ("M\0", "U+0000"),
        ("Mi\x1b[31mna", "U+001B"),
        ("\ue000", "U+E000"),
        ("Mina\ufff9", "U+FFF9"),
        ("Mina\U000e0067", "U+E0067"),
        ("\ud800", "U+D800"),
    ],
)
def test_what_no_screen_shows_is_refused_by_its_number(name: str, code_point: str) -> None:
    with pytest.raises(names.Unshowable) as refused:
        names.clean(name)
    assert refused.value.code_point == code_point


def test_a_name_is_counted_as_it_is_stored() -> None:
    assert names.clean("e\u0301" * 80) == "é" * 80
    assert names.clean("🙂" * 80) == "🙂" * 80
    with pytest.raises(names.NameTooLong):
        names.clean("é" * 81)


def test_a_name_is_measured_before_it_is_composed(composed: list[int]) -> None:
    with pytest.raises(names.NameTooLong):
        names.clean("e" + "\u0301\u0316" * 31_000)
    assert max(composed) == 0


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Mina Park", "MP"),
        ("mina", "M"),
        ("Mina K. van der Park", "MP"),
        (f"{FAMILY} kim", f"{FAMILY}K"),
        ("🇰🇷 🇩🇪", "🇰🇷🇩🇪"),
        (f"{ENGLAND} Bo", f"{ENGLAND}B"),
        ("👍🏽", "👍🏽"),
        ("श्री राम", "श्रीरा"),
        ("q\u0307ara", "Q\u0307"),
        ("ßen", "ß"),
        ("김 민아", "김민"),
        ("(Mina) “Park”", "MP"),
        ("<b>Mina - Park -", "BP"),
        ("'t Hooft", "TH"),
        ("...", "."),
    ],
)
def test_initials_are_whole_letters(name: str, initials: str) -> None:
    assert Account(name=name).initials == initials


def test_a_name_with_joiners_is_saved_and_shown(mina: Person) -> None:
    mina.get("/account/profile")
    page = mina.post("/account/profile", {"name": f"\u2067علی\u200cرضا\u2069 {FAMILY}"}).text
    assert "Saved." in page
    assert f">علی\u200cرضا {FAMILY}<" in page
