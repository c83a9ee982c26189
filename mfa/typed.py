"""Text as people type and paste it: bounded before any work, and without the marks that nobody sees."""

from __future__ import annotations

import re
import unicodedata

JOINERS = "\u200c\u200d"
"""ZWNJ and ZWJ. Persian, Sinhala, Marathi and emoji families are written with them."""
_MARKS = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_MOST_DECOMPOSED = 4
_MINUS = "\u2212"


def is_overlong(text: str, most: int) -> bool:
    """Return whether *text* has over *most* characters however its letters are put together.

    NFC sorts a run of combining marks in quadratic time, so this is asked first. It makes one character of
    four at most (UAX #15).
    """
    return len(text) > _MOST_DECOMPOSED * most


def without_marks(text: str) -> str:
    """Return *text* without direction marks, soft hyphens, byte order marks and zero-width spaces.

    Joiners stay, since they can change a word: see :data:`JOINERS`.
    """
    return _MARKS.sub("", text)


def without_separators(text: str) -> str:
    """Return *text* without what stands between the groups of a code, or around it.

    That is white space, every hyphen and dash, the minus sign, and every invisible mark. The script of the
    code fields (``digits.js``) drops the same.
    """
    return "".join(character for character in text if not _is_separator(character))


def _is_separator(character: str) -> bool:
    return character.isspace() or character == _MINUS or unicodedata.category(character) in ("Cf", "Pd")
