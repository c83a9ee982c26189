"""The root of what the rules refuse."""

from __future__ import annotations

from typing import ClassVar

from flask_babel.speaklater import LazyString


class Refusal(Exception):
    """Something that may not happen, with what the person is told of it and the HTTP status of the answer.

    The kinds stand beside the rules that raise them. A kind gives its sentence as ``says``, or as a property
    of its own where the sentence depends on values. A kind that a page of its own answers gives none.
    """

    says: ClassVar[LazyString | str]
    status: ClassVar[int] = 422

    @property
    def sentence(self) -> str:
        """Return what to tell the person, in the language that is spoken.

        :raises AttributeError: this kind gives no sentence: a bug.
        """
        return str(self.says)
