"""Recovery codes as people take them away: on the screen, as a file, and on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, render_template
from flask_babel import gettext

from mfa.accounts.models import Account
from mfa.crypto import recovery_codes
from mfa.mail import messages
from mfa.toolbox import toolbox
from mfa.web import hx, words


def context(codes: list[str]) -> dict[str, Any]:
    """What the template of the step shows."""
    return {"codes": [recovery_codes.display(code) for code in codes]}


def file(codes: list[str], account: Account, now: datetime) -> Response:
    """A text file, each code on a line of its own, that says what it is."""
    text = render_template("two_step/recovery-codes.txt", **_leaf(codes, account, now))
    name = "".join(
        letter for letter in toolbox().product_name.lower() if letter.isascii() and letter.isalnum()
    )
    return Response(
        text.replace("\n", "\r\n"),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-recovery-codes.txt"',
            "Cache-Control": "no-store",
        },
    )


def paper(codes: list[str], account: Account, now: datetime) -> Response:
    """A page of its own to be printed, that says the same."""
    return hx.page("two_step/print.html", title=gettext("Recovery codes"), **_leaf(codes, account, now))


def _leaf(codes: list[str], account: Account, now: datetime) -> dict[str, Any]:
    return {
        **context(codes),
        "email": account.email,
        "made": words.day(now),
        "sign_in_url": messages.absolute("accounts.sign_in"),
    }
