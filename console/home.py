"""The console's home page: what stands behind the account modal."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext

from console.sessions import browser
from console.web import layouts
from mfa import accounts
from mfa.people.required import Due
from mfa.web import hx
from mfa.web.due import due

blueprint = Blueprint("console", __name__)


@blueprint.get("/")
def home() -> Response:
    return hx.page(layouts.CONSOLE, title=gettext("Console"))


def requirement_due() -> Due | None:
    """For the layout: by when the visitor must have what they lack of what their organization requires."""
    person = accounts.current()
    return due(person) if person else None


def two_step_on() -> bool:
    """For the layout: whether the visitor's 2-step verification is on."""
    visitor = browser.visitor()
    return visitor is not None and visitor.protected
