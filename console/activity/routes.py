"""The tab Activity."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext
from flask_login import current_user

from console.activity import words
from console.web import layouts
from mfa.activity import rules
from mfa.web import hx

blueprint = Blueprint("activity", __name__)
_LARGEST_ID = 2**63 - 1


@blueprint.get("/account/activity")
def tab() -> Response:
    """The newest events, or those older than the one with the id ``before``."""
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before <= _LARGEST_ID:
        before = None
    page = rules.page(current_user.account.id, before)
    return hx.render(
        "activity/_tab.html",
        layouts.CONSOLE,
        title=gettext("Activity"),
        tab="activity",
        events=page.events,
        older=page.older,
        first=before is None,
        sentence=words.sentence,
        is_trouble=words.is_trouble,
    )
