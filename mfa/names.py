"""Names that people give, cleaned of what nobody sees, and refused with the true reason."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar

from mfa.errors import Refusal
from mfa.i18n import Text, gettext, lazy_gettext as _
from mfa.typed import JOINERS, is_overlong, without_marks

NAME_LENGTH = 80
_INSIDE_WORDS = JOINERS + "\u180e"
"""And the vowel separator of Mongolian."""
_VIRAMA = 9
"""The combining class of the sign after which a joiner shapes the letter before it."""
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Fillers and the empty Braille pattern: letters and symbols to Unicode, and blank on the screen."""
_FLAG = re.compile("(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""The tags that make a black flag the flag of England, Scotland or Wales."""


class BadName(Refusal):
    """Not a name that can be shown."""


class EmptyName(BadName):
    """Nothing that anybody would see."""

    says: ClassVar[Text] = _("Enter a name.")


class NameTooLong(BadName):
    """More than :data:`NAME_LENGTH` characters."""

    says = _("Use at most %(maximum)d characters.", maximum=NAME_LENGTH)


class Unshowable(BadName):
    """Contains a character that no screen shows.

    :param character: the first one.
    """

    def __init__(self, character: str) -> None:
        super().__init__(f"U+{ord(character):04X}")
        self.code_point = f"U+{ord(character):04X}"

    @property
    def sentence(self) -> str:
        return gettext(
            "A name can’t contain the character %(code_point)s, which no screen shows. Leave it out.",
            code_point=self.code_point,
        )


def clean(name: str) -> str:
    """Return the name in NFC, with single spaces, and without marks that nobody sees.

    :raises BadName: one of its kinds.
    """
    if is_overlong(name, NAME_LENGTH):
        raise NameTooLong
    composed = unicodedata.normalize("NFC", without_marks(name))
    cleaned = " ".join(_with_working_joiners(" ".join(composed.split())).split())
    for character in _FLAG.sub("", cleaned):
        if not _is_showable(character):
            raise Unshowable(character)
    if not any(_is_visible(character) for character in cleaned):
        raise EmptyName
    if len(cleaned) > NAME_LENGTH:
        raise NameTooLong
    return cleaned


def _with_working_joiners(text: str) -> str:
    """Return *text* without the joiners at an edge, beside a space, or beside each other."""
    kept = ""
    for place, character in enumerate(text):
        if character not in _INSIDE_WORDS or _joins(kept[-1:], text[place + 1 : place + 2]):
            kept += character
    return kept


def _joins(before: str, after: str) -> bool:
    if before and unicodedata.combining(before) == _VIRAMA:
        return True
    return bool(before and after) and _can_be_joined(before) and _can_be_joined(after)


def _can_be_joined(character: str) -> bool:
    # Letters, their marks, and emoji with their skin tones.
    return _category(character)[0] in "LM" or _category(character) == "So"


def _is_showable(character: str) -> bool:
    return character in _INSIDE_WORDS or character == " " or _category(character)[0] in "LMNPS"


def _is_visible(character: str) -> bool:
    return _category(character)[0] in "LNPS" and character not in _BLANK


def _category(character: str) -> str:
    # Next year's emoji are unassigned to this Python; these blocks are reserved for them.
    return "So" if "\U0001f300" <= character <= "\U0001faff" else unicodedata.category(character)
