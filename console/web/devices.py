"""The device that a request comes from, and the signed cookie by which it is known."""

from __future__ import annotations

from typing import Protocol

from flask import Flask, Response, current_app, g, request

from console.toolbox import toolbox
from mfa import clock, devices
from mfa.devices import Device, Mark


class Known(Protocol):
    """An account, as far as a device is known to it."""

    @property
    def id(self) -> int: ...

    @property
    def device_epoch(self) -> int: ...


def device() -> Device:
    """What the request says of the device that it comes from."""
    if "device" not in g:
        mark = _mark()
        g.device = devices.seen(request.headers.get("User-Agent", ""), request.remote_addr or "", mark)
    found: Device = g.device
    return found


def know(account: Known) -> None:
    """Have this browser's device cookie say that *account* signed in here."""
    mark = device().mark or Mark.new()
    g.device_mark = mark.with_account(account.id, account.device_epoch)


def write_marks(app: Flask) -> None:
    """Set the device cookie on the answers of *app* whose request called :func:`know`."""

    @app.after_request
    def _write(response: Response) -> Response:
        mark: Mark | None = g.pop("device_mark", None)
        if mark:
            response.set_cookie(
                app.config["DEVICE_COOKIE_NAME"],
                toolbox().device_marks.make(mark.payload(), clock.now().timestamp()),
                max_age=devices.LIFETIME,
                path=app.config["SESSION_COOKIE_PATH"],
                secure=app.config["SESSION_COOKIE_SECURE"],
                httponly=True,
                samesite="Lax",
            )
        return response


def _mark() -> Mark | None:
    cookie = request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    return Mark.read(cookie, toolbox().device_marks, clock.now().timestamp()) if cookie else None
