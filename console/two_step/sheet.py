"""Recovery codes as people take them away: on the screen, as a file, and on paper."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Response, render_template
from flask_babel import gettext

from console.accounts.models import Account
from console.mail import messages
from console.toolbox import toolbox
from console.web import layouts, times
from mfa.crypto import recovery_codes
from mfa.web import hx
from mfa.web.host import host


def context(codes: list[str]) -> dict[str, Any]:
    """What the template of the step shows."""
    return {"codes": [recovery_codes.display(code) for code in codes]}


def file(codes: list[str], account: Account, now: datetime) -> Response:
    """A text file, each code on a line of its own, that says what it is."""
    text = render_template("mfa/recovery_codes.txt", host=host(), **_leaf(codes, account, now))
    response = Response(
        text.replace("\n", "\r\n"),
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
    product = re.sub(r"[\W_]+", "-", toolbox().product_name.lower()).strip("-")
    name = "-".join(filter(None, [product, "recovery-codes.txt"]))
    # The second name is the one that browsers take, whatever its letters (RFC 6266 §4.3).
    response.headers["Content-Disposition"] = (
        f"attachment; filename=recovery-codes.txt; filename*=UTF-8''{quote(name)}"
    )
    return response


def paper(codes: list[str], account: Account, now: datetime) -> Response:
    """A page of its own to be printed, that says the same."""
    return hx.page(
        "mfa/recovery_codes.html",
        title=gettext("Recovery codes"),
        layout=layouts.BASE,
        **_leaf(codes, account, now),
    )


def _leaf(codes: list[str], account: Account, now: datetime) -> dict[str, Any]:
    return {
        **context(codes),
        "email": account.email,
        "made": times.day(now),
        "sign_in_url": messages.absolute("accounts.sign_in"),
    }
