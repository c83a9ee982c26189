"""Names of people: cleaned, and shortened to initials."""

from __future__ import annotations

import unicodedata
from itertools import dropwhile

import grapheme
from flask_babel import lazy_gettext as _

from mfa import names
from mfa.names import NAME_LENGTH, BadName, NameTooLong, Unshowable

__all__ = ["NAME_LENGTH", "BadName", "EmptyName", "NameTooLong", "Unshowable", "clean", "initials"]


class EmptyName(names.EmptyName):
    """Nothing that anybody would see."""

    says = _("Enter your name.")


def clean(name: str) -> str:
    """Return the name as :func:`mfa.names.clean` does.

    :raises BadName: one of its kinds.
    """
    try:
        return names.clean(name)
    except names.EmptyName as error:
        raise EmptyName from error


def initials(name: str) -> str:
    """Return the first letters of the first and the last word, in upper case.

    A letter is what a reader takes for one (UAX #29): with its marks, or a whole flag or family of emoji.
    Brackets, quotation marks and the like before it are none; a word of nothing else is left out.
    """
    words = name.split()
    bare = list(filter(None, map(_from_first_letter, words))) or words
    return "".join(_upper(next(grapheme.graphemes(word))) for word in bare[:1] + bare[1:][-1:])


def _from_first_letter(word: str) -> str:
    """Return *word* without the punctuation and the mathematical signs that it begins with."""
    return "".join(dropwhile(lambda one: unicodedata.category(one).startswith(("P", "Sm")), word))


def _upper(letter: str) -> str:
    upper = letter.upper()
    # "ß" would become "SS".
    return upper if len(upper) == len(letter) else letter
