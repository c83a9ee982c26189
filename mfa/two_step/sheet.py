"""Recovery codes as people take them away: on the screen, and as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from mfa.accounts.models import Account
from mfa.crypto import recovery_codes
from mfa.toolbox import toolbox


def context(codes: list[str]) -> dict[str, Any]:
    """What the template of the step shows."""
    return {"codes": [recovery_codes.display(code) for code in codes]}


def file(codes: list[str], account: Account, now: datetime) -> Response:
    """A text file, each code on a line of its own, that says what it is."""
    product = toolbox().product_name
    lines = [
        f"{product} recovery codes",
        f"Account: {account.email}",
        f"Made: {now:%Y-%m-%d}",
        "",
        *map(recovery_codes.display, codes),
        "",
        "Each code works once, in the place of the code from your authenticator app.",
        "Keep this file where only you can find it, and not on the phone that has the app.",
        "",
    ]
    name = "".join(letter for letter in product.lower() if letter.isascii() and letter.isalnum())
    return Response(
        "\r\n".join(lines),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}-recovery-codes.txt"',
            "Cache-Control": "no-store",
        },
    )
