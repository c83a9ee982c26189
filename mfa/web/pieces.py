"""Pieces of HTML that pages need many times over: the attributes of forms, fields and links, and times.

Macros would be three times as slow. Templates import them from ``mfa/_fields.html``, as they do its macros.
"""

from __future__ import annotations

from datetime import datetime

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape
from wtforms import Field

from mfa import at_work, times
from mfa.web import csrf, fragments
from mfa.web.nonce import nonce


def post_to(url: str, disables: str = "find button[type=submit]") -> Markup:
    """Return the attributes of a form that posts to *url*: a plain post, and the same by htmx."""
    to, disabled = escape(url), escape(disables)
    return _made(
        f'method="post" action="{to}" hx-post="{to}" hx-disable="{disabled}" hx-nonce="{escape(nonce())}"'
    )


def go_to(url: str) -> Markup:
    """Return the attributes of a form that is a way to the page at *url*."""
    to = escape(url)
    return _made(f'method="get" action="{to}" hx-get="{to}" hx-push-url="true" hx-nonce="{escape(nonce())}"')


def link_to(url: str) -> Markup:
    """Return the attributes of a link to the page at *url*."""
    to = escape(url)
    return _made(f'href="{to}" hx-get="{to}" hx-push-url="true" hx-nonce="{escape(nonce())}"')


def csrf_headers() -> Markup:
    """Return the attributes of a body: htmx sends the CSRF token with whatever it asks."""
    header = at_work.app().config.get("WTF_CSRF_HEADERS", ["X-CSRFToken"])[0]
    headers = htmlsafe_json_dumps({header: csrf.token()})
    return _made(f"hx-headers:inherited='{headers}' hx-nonce=\"{escape(nonce())}\"")


def csrf_field() -> Markup:
    """Return the field with the token that a form posts to show that it is ours."""
    return _made(f'<input type="hidden" name="{escape(csrf.field_name())}" value="{escape(csrf.token())}">')


def aria(field: Field, hint: str | None, autofocus: bool) -> dict[str, str]:
    """Return the attributes of a field's input that say what describes it, and where the focus is.

    :param hint: below it, if there is one.
    :param autofocus: True for the first field of a form that was not refused.
    """
    described = [f"{field.id}-{what}" for what, shown in (("hint", hint), ("error", field.errors)) if shown]
    found = {"aria-describedby": " ".join(described)} if described else {}
    if field.errors:
        found["aria-invalid"] = "true"
    if autofocus or (field.errors and not fragments.wanted()):
        found["autofocus"] = ""
    return found


def moment(when: datetime) -> Markup:
    """Return a moment in UTC; with JavaScript in the zone and the form of the reader."""
    return _time(when, "moment", times.moment(when))


def day(when: datetime) -> Markup:
    """Return a day in UTC; with JavaScript in the zone of the reader."""
    return _time(when, "day", times.day(when))


def _time(when: datetime, kind: str, text: str) -> Markup:
    return _made(f'<time datetime="{when.isoformat()}" data-kind="{kind}">{escape(text)}</time>')


def _made(html: str) -> Markup:
    return Markup(html)  # noqa: S704 (what is put into it was escaped)
