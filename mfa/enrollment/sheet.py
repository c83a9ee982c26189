"""Recovery codes as people take them away: on the screen, as a file, and on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from mfa import times
from mfa.crypto import recovery_codes
from mfa.i18n import gettext
from mfa.notices.office import office
from mfa.people.rules import Owner
from mfa.web import downloads, hx, layouts, templates
from mfa.web.host import host


def context(codes: list[str]) -> dict[str, Any]:
    """What the template of the step shows."""
    return {"codes": [recovery_codes.display(code) for code in codes]}


def file(codes: list[str], owner: Owner, now: datetime) -> Response:
    """A text file, each code on a line of its own, that says what it is."""
    text = templates.render("mfa/recovery_codes.txt", host=host(), **_leaf(codes, owner, now))
    return downloads.file("recovery-codes.txt", text.replace("\n", "\r\n"), "text/plain; charset=utf-8")


def paper(codes: list[str], owner: Owner, now: datetime) -> Response:
    """A page of its own to be printed, that says the same."""
    return hx.whole(
        "mfa/_sheet.html", layouts.SHEET, title=gettext("Recovery codes"), **_leaf(codes, owner, now)
    )


def _leaf(codes: list[str], owner: Owner, now: datetime) -> dict[str, Any]:
    return {
        **context(codes),
        "email": owner.person.label,
        "made": times.day(now),
        "has_password": owner.has_password,
        "sign_in_url": office().url("sign_in"),
    }
