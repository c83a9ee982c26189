"""The application that the pages stand in, as far as they know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from flask import Blueprint, Flask, request, url_for

from mfa import at_work, i18n
from mfa.crypto.keys import KeyRing
from mfa.logo import Logo

_EXTENSION = "mfa.web"


@dataclass(frozen=True)
class Host:
    """
    :param product: its name, with which every title ends.
    :param ring: the keys that seal what a plain post has to say.
    :param posted_cookie: the name of the cookie that takes this to the next page.
    :param endpoints: of its pages ``sign_in``, ``forgot_password``, ``change_password``, ``change_email``,
        and ``home``, where its name leads.
    :param layouts: its templates around the kinds of page in :mod:`mfa.web.layouts`; for a kind that is
        missing, a page of our own.
    :param block: the block of these layouts that takes the content; None if they print ``content`` and bring
        styles, scripts and the region that htmx swaps.
    :param support_address: whom people may ask, as they read it; empty if nobody.
    :param support_url: where that leads.
    :param ends_sessions: True if it ends the other sessions at a change of the second step.
    :param sign_in_url: returns the address of its sign-in page; by default that of its endpoint.
    :param accent: the color of buttons, as #rrggbb; empty for that of the extension.
    :param logo: beside its name on pages of our own; None for the name alone.
    :param has_partials: True if its pages named above are partials for htmx, too, to be shown in the dialog.
    :param language: returns the code of the language that the answer is in.
    """

    product: str
    ring: KeyRing
    posted_cookie: str
    endpoints: Mapping[str, str] = field(default_factory=dict)
    layouts: Mapping[str, str] = field(default_factory=dict)
    block: str | None = None
    support_address: str = ""
    support_url: str = ""
    ends_sessions: bool = True
    sign_in_url: Callable[[], str] | None = None
    accent: str = ""
    logo: Logo | None = None
    has_partials: bool = False
    language: Callable[[], str] = i18n.language

    def take_in(self, app: Flask) -> None:
        """Let the pages of *app* find it, and their templates.

        A template of the same name in a folder of the application comes before that of the extension.
        """
        app.extensions[_EXTENSION] = self
        app.register_blueprint(Blueprint("two_step_templates", "mfa", template_folder="templates"))

    def url(self, page: str) -> str:
        """Return where one of its own pages is."""
        if page == "sign_in" and self.sign_in_url:
            return self.sign_in_url()
        return url_for(self.endpoints[page])

    def home(self) -> str:
        """Return where its name leads: its home page, or the root of its addresses."""
        return self.url("home") if "home" in self.endpoints else f"{request.root_path}/"


def host() -> Host:
    """Return what is known of the application at work."""
    return cast("Host", at_work.app().extensions[_EXTENSION])
