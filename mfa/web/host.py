"""The application that the pages stand in, as far as they know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from flask import Blueprint, Flask, current_app, url_for

from mfa.crypto.keys import KeyRing

_EXTENSION = "mfa.web"


@dataclass(frozen=True)
class Host:
    """
    :param product: its name, with which every title ends.
    :param language: returns the code of the language that the answer is in.
    :param ring: the keys that seal what a plain post has to say.
    :param posted_cookie: the name of the cookie that takes this to the next page.
    :param endpoints: of its pages ``sign_in``, ``forgot_password``, ``change_password``, ``change_email``.
    :param support_address: whom people may ask, as they read it; empty if nobody.
    :param support_url: where that leads.
    """

    product: str
    language: Callable[[], str]
    ring: KeyRing
    posted_cookie: str
    endpoints: Mapping[str, str] = field(default_factory=dict)
    support_address: str = ""
    support_url: str = ""

    def take_in(self, app: Flask) -> None:
        """Let the pages of *app* find it, and their templates.

        A template of the same name in a folder of the application comes before that of the extension.
        """
        app.extensions[_EXTENSION] = self
        app.register_blueprint(Blueprint("mfa", "mfa", template_folder="templates"))

    def url(self, page: str) -> str:
        """Return where one of its own pages is."""
        return url_for(self.endpoints[page])


def host() -> Host:
    """Return what is known of the application at work."""
    return cast("Host", current_app.extensions[_EXTENSION])
