"""The root of what the rules refuse."""

from __future__ import annotations

from typing import ClassVar

from mfa.i18n import Text


class Refusal(Exception):
    """Something that may not happen, with what to tell the person about it and the HTTP status to answer.

    The kinds stand beside the rules that raise them. A kind gives its sentence as ``says``, or as a property
    of its own where the sentence depends on values. A kind that a page of its own answers gives none.
    """

    says: ClassVar[Text]
    status: ClassVar[int] = 422

    @property
    def sentence(self) -> str:
        """Return what to tell the person, in the language that is spoken.

        :raises AttributeError: this kind gives no sentence: a bug.
        """
        return str(self.says)


class NotNow(Refusal):
    """Something that is not looked at now, whether it is right or wrong.

    :param why: for developers.
    :param wait: seconds after which to try again.
    """

    def __init__(self, why: str, *, wait: int) -> None:
        super().__init__(why)
        self.wait = wait

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of the answer (RFC 9110 §10.2.3)."""
        return {"Retry-After": str(self.wait)}


class SetUpWrong(Exception):
    """The host can't work with the extension as it is; the text is one sentence for its developer."""


class BadSetting(SetUpWrong):
    """A setting that is missing or can't work; its text is one sentence for the developer, and names it."""
