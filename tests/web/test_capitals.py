"""One rule for capitals in the English texts.

Every text is in sentence case. A capital inside a sentence belongs to a proper name, to one of the names that
the product was ordered with, or to the label of something on the screen, quoted as it stands there.
"""

from __future__ import annotations

import re
from functools import cache

from tests.support.catalogs import PARTS, gathered

ORDERED = {
    "Account Management",
    "2-Step Verification",
    "Activate 2-Step Verification",
    "Disable 2-Step Verification",
    "Reissue Recovery Code",
    "Organization Management",
}
"""The titles that are exact. Everything else that reads like them is in sentence case."""

PROPER = {
    *(
        "Aegis",
        "Authenticator",
        "Bitwarden",
        "CSV",
        "Ctrl",
        "Google",
        "JSON",
        "JavaScript",
        "P",
        "PIN",
        "Print",
        "QR",
        "UTC",
    ),
}
"""Proper names, and the keys and menus of other programs."""

_NOT_WORDS = re.compile(r"<[^>]+>|%\(\w+\)[sd]|https?://\S+")
_SENTENCES = re.compile(r"(?<=[.?!:…])\s+|[“‘(\n·]")
_LONGEST_LABEL = 5


@cache
def texts() -> list[str]:
    ids = [one.id for part in PARTS for one in gathered(part) if one.id]
    return [text for one in ids for text in ([one] if isinstance(one, str) else one)]


@cache
def labels() -> list[str]:
    """What the screen calls things, the longest first, so that none is taken for a part of another."""
    short = {
        text
        for text in texts()
        if len(text.split()) <= _LONGEST_LABEL and text[:1].isupper() and text[-1] not in ".?:"
    }
    return sorted(short | ORDERED, key=len, reverse=True)


def capitals_within(text: str) -> list[str]:
    """Return the words of *text* with a capital that neither begins a sentence nor is a name."""
    for label in labels():
        if label in text and (label != text or label in ORDERED):
            text = re.sub(rf"\b{re.escape(label)}(?!\w)", "it", text)
    words = [word for part in _SENTENCES.split(_NOT_WORDS.sub("it", text)) for word in part.split()[1:]]
    bare = [word.strip(",.;:?!”’)") for word in words]
    return [word for word in bare if word[:1].isupper() and word not in PROPER]


def test_no_text_has_capitals_but_those_of_names() -> None:
    found = {text: capitals_within(text) for text in texts()}
    assert {text: words for text, words in found.items() if words} == {}


def test_ordered_names_stand_as_they_were_ordered() -> None:
    assert set(texts()) >= ORDERED


def test_title_case_is_found() -> None:
    assert capitals_within("Change Your Old Address") == ["Your", "Old", "Address"]


def test_address_is_spelled_in_one_way() -> None:
    assert [text for text in texts() if "email address" in text] == []
