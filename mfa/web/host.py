"""The application that the pages stand in, as far as they know it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from mfa.crypto.keys import KeyRing

_EXTENSION = "mfa.web"


@dataclass(frozen=True)
class Host:
    """
    :param product: its name, with which every title ends.
    :param language: returns the code of the language that the answer is in.
    :param ring: the keys that seal what a plain post has to say.
    :param posted_cookie: the name of the cookie that takes this to the next page.
    """

    product: str
    language: Callable[[], str]
    ring: KeyRing
    posted_cookie: str

    def take_in(self, app: Flask) -> None:
        """Let the pages of *app* find it."""
        app.extensions[_EXTENSION] = self


def host() -> Host:
    """Return what is known of the application at work."""
    return cast("Host", current_app.extensions[_EXTENSION])
