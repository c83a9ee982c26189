"""The console's home page: what stands behind the account modal."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext
from flask_login import current_user

from console.web import layouts
from mfa.web import hx

blueprint = Blueprint("console", __name__)


@blueprint.get("/")
def home() -> Response:
    return hx.page(layouts.CONSOLE, title=gettext("Console"))


def two_step_on() -> bool:
    """For the layout: whether the visitor's 2-step verification is on."""
    return bool(current_user.is_authenticated and current_user.protected)
