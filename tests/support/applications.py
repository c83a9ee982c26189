"""One application for all tests of a module that set the same: made once, and as new for each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from console import create_app, housekeeping
from console.activity import log


@dataclass(frozen=True)
class Place:
    """Where the installations of a module stand, one after the other."""

    folder: Path
    server_name: str

    def clear(self) -> None:
        """Empty the instance folder."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()


class Applications:
    """The applications of a module by their settings."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Flask, dict[str, Any]]] = {}

    def get(self, settings: Mapping[str, Any]) -> Flask:
        """Return an application with *settings* that no test has used or changed.

        The fixture that made its stores empties them. One that a test has changed is not given out again.
        """
        key = repr(sorted((name, repr(value)) for name, value in settings.items()))
        app, as_made = self._made.pop(key, (None, {}))
        if app:
            _forget_what_came_by_use(app, as_made)
        if app is None or as_made != _parts(app):
            app = create_app(settings)
            as_made = _parts(app)
        else:
            _renew(app)
        self._made[key] = app, as_made
        return app

    def stop_workers(self) -> None:
        """Stop what sends mails beside a test: it would go on with the mails of the next one."""
        for app, _ in self._made.values():
            if "mfa_mail_worker" in app.extensions:
                app.extensions["mfa_mail_worker"].stop()

    def forget(self) -> None:
        """Give out none of those that were made so far."""
        self._made.clear()


def _parts(app: Flask) -> dict[str, Any]:
    """Return what a test may have changed."""
    hooks = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    return {
        "config": dict(app.config),
        "extensions": {name: id(part) for name, part in app.extensions.items() if name != "mfa_mail_worker"},
        "hooks": [list(functions) for hook in hooks for functions in hook.values()],
        "globals": dict(app.jinja_env.globals),
        "routes": len(list(app.url_map.iter_rules())),
        "views": dict(app.view_functions),
        "wsgi": app.wsgi_app,
    }


def _forget_what_came_by_use(app: Flask, as_made: Mapping[str, Any]) -> None:
    """Take away the extensions that were made when somebody first asked for them, or by a test."""
    for name in app.extensions.keys() - as_made["extensions"].keys() - {"mfa_mail_worker"}:
        del app.extensions[name]


def _renew(app: Flask) -> None:
    """Undo what serving does to an application."""
    app._got_first_request = False
    app.extensions["mfa_ranges"].reset()
    log.set_up(app)
    if "mfa_mail_worker" in app.extensions:
        app.extensions["mfa_mail_worker"] = housekeeping.worker(app)
