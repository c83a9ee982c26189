"""The signed cookies that outlive a session: of a known device, and of a remembered browser."""

from __future__ import annotations

from flask import Response, current_app, request

from mfa.settings import settings


def name(kind: str) -> str:
    """Return the name of the cookie of that kind."""
    return f"{settings().cookie_prefix}-{kind}"


def write(response: Response, kind: str, value: str, *, seconds: int) -> None:
    """Set a cookie on *response*, for so many seconds."""
    response.set_cookie(
        name(kind),
        value,
        max_age=seconds,
        path=current_app.config["APPLICATION_ROOT"],
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]) or request.is_secure,
        httponly=True,
        samesite="Lax",
    )
