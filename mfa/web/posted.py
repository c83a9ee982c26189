"""Post/Redirect/Get: what a plain post has to say is shown once, by the page that it redirects to.

A page that is the answer to a post can't be shown again: Back to it gives "Document Expired" in Firefox, and
elsewhere the question whether to send the form again. So the answer travels in a sealed cookie to a GET.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, request, session, url_for

from mfa import at_work, clock
from mfa.crypto import ages
from mfa.crypto.keys import UnknownKey, Unreadable
from mfa.web import paths
from mfa.web.forms import Form
from mfa.web.host import host

LIFETIME = 60
"""Seconds from a post to the page that it leads to."""
STATUSES = (200, 409, 410, 422, 429)
"""What the application decides about a form. Other errors are answered at once: cookies may have failed."""
_LONGEST_VALUE = 320
_LONGEST_COOKIE = 3800
_PURPOSE = "posted"


@dataclass(frozen=True)
class Said:
    """An answer on its way to the page that shows it.

    :param values: what the partial gets besides what its own page gives it.
    :param forms: by their names in the partial, what was refused and what was typed.
    """

    partial: str
    layout: str
    title: str
    status: int
    values: dict[str, Any]
    forms: dict[str, Any] = field(default_factory=dict)


def wanted(status: int) -> bool:
    """Return True if this post is answered by a redirect.

    Only where a browser shows the answer as a page, and keeps cookies. A script that posts gets its 422 at
    once, with the page; so do the tests that are about what is refused.
    """
    return request.method == "POST" and status in STATUSES and bool(request.cookies) and _navigates()


def redirect(said: Said) -> Response | None:
    """Lead to the page of the form that was posted, which will show *said*; None if that is too long."""
    page, path = _page()
    sealed = _seal(said, path)
    if len(sealed) > _LONGEST_COOKIE:
        return None
    response = Response(status=303, headers={"Location": page, "Cache-Control": "no-store"})
    response.set_cookie(_name(), sealed, max_age=LIFETIME, **_attributes())
    return response


def state(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was refused of the forms in *context*, and the values that are safe to show again."""
    forms = {name: form for name, form in context.items() if isinstance(form, Form)}
    return {
        name: {
            "errors": {one.name: str(one.errors[0]) for one in form if one.errors},
            "form_errors": [str(error) for error in form.form_errors],
            "values": {
                one.name: one.data for one in form if one.name in form.shown_again and _short(one.data)
            },
        }
        for name, form in forms.items()
        if form.errors
    }


def take() -> Said | None:
    """Return what the post that led to this page had to say."""
    request, kept = at_work.request(), at_work.kept()
    if request.method != "GET" or not _navigates():
        return None
    if "posted" not in kept:
        cookie = request.cookies.get(_name())
        kept.posted = _open(cookie, f"{request.root_path}{request.path}") if cookie else None
    said: Said | None = kept.posted
    return said


def put_back(forms: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    """Write what :func:`state` returned into the forms of *context*."""
    for name, told in forms.items():
        form = context.get(name)
        if not isinstance(form, Form):
            continue
        form.form_errors = told["form_errors"]
        for one in form:
            if one.name in told["values"]:
                one.data = told["values"][one.name]
            if one.name in told["errors"]:
                one.errors = [told["errors"][one.name]]


def forget(app: Flask | Blueprint) -> None:
    """Have the page of *app*, or of a blueprint, that showed such an answer take its cookie back."""

    @app.after_request
    def _forget(response: Response) -> Response:
        if at_work.request().cookies.get(_name()) and take():
            response.delete_cookie(_name(), **_attributes())
        return response


def _navigates() -> bool:
    # On plain HTTP browsers do not send Sec-Fetch-Mode; for a page they ask for text/html by its name.
    headers = at_work.request().headers
    mode = headers.get("Sec-Fetch-Mode")
    if headers.get("HX-Request") == "true":
        return False
    return mode == "navigate" if mode else "text/html" in headers.get("Accept", "")


def _page() -> tuple[str, str]:
    """The address of the page that the posted form stands on, and its path as :func:`take` will see it.

    It is the form's own address, or, where that takes posts alone, the nearest page above it.
    """
    endpoint, values, path = paths.page_of(request.path)
    query = urlencode(list(request.args.items(multi=True)))
    return url_for(endpoint, **values) + (f"?{query}" if query else ""), f"{request.root_path}{path}"


def _seal(said: Said, path: str) -> str:
    told = json.dumps({"at": clock.now().timestamp(), "said": asdict(said)}, ensure_ascii=False, default=str)
    return base64.urlsafe_b64encode(host().ring.seal(_PURPOSE, told.encode(), _bound_to(path))).decode()


def _open(cookie: str, path: str) -> Said | None:
    try:
        sealed = base64.urlsafe_b64decode(cookie.encode())
        told = json.loads(host().ring.open(_PURPOSE, sealed, _bound_to(path)))
    except (UnicodeError, binascii.Error, UnknownKey, Unreadable):
        return None  # forged, of another page or of another session
    current = ages.is_current(told["at"], clock.now().timestamp(), LIFETIME)
    return Said(**told["said"]) if current else None


def _bound_to(path: str) -> bytes:
    # The CSRF token stands for the session of this browser: what was typed in it is shown in no other.
    token = session.get(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"), "")
    return f"{path}\0{token}".encode()


def _short(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and len(value) <= _LONGEST_VALUE)


def _name() -> str:
    return host().posted_cookie


def _attributes() -> dict[str, Any]:
    cookies = current_app.session_interface
    return {
        "path": cookies.get_cookie_path(current_app),
        "secure": cookies.get_cookie_secure(current_app),
        "httponly": True,
        "samesite": "Lax",
    }
