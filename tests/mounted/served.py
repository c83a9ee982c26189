"""The WSGI entry of a host on PostgreSQL that several processes serve, on the tests' clock."""

from __future__ import annotations

import json
import os
from pathlib import Path

import flask_login
from flask import Response, request

from mfa import clock
from tests.mounted.hosts import Shop
from tests.support.clock import SharedClock

clock.install(SharedClock(Path(os.environ["SERVED_CLOCK"])))
_settings = json.loads(os.environ["SERVED_SETTINGS"])
shop = Shop(Path(_settings["INSTANCE_PATH"]), settings=_settings, is_upgraded=False)
app, _db = shop.app, shop.db


@app.after_request
def _sign(response: Response) -> Response:
    """Say which process answered."""
    response.headers["X-Worker"] = str(os.getpid())
    return response


@flask_login.user_logged_in.connect_via(app)
def _note(_app: object, *, user: flask_login.UserMixin) -> None:
    """Write into the person's row at a sign-in, as hosts do that show when it was."""
    user.notes = "was here"
    _db.session.commit()


@app.post("/people/<int:user_id>/<act>")
def _act(user_id: int, act: str) -> str:
    """Tell the extension of a change, in its own transaction or, with ``?shared``, in the host's."""
    user = shop.person(user_id)
    shared = {"session": _db.session} if "shared" in request.args else {}
    if act == "change":
        shop.two_step.account_changed(user, **shared)
    elif act == "forget":
        shop.two_step.forget(user, **shared)
    else:
        assert act == "reset"
        shop.two_step.reset(user, "op", "lost the phone", **shared)
    user.notes = act
    _db.session.commit()
    return act


with app.app_context():
    # Each process that is forked from this one opens connections of its own.
    _db.engine.dispose()
