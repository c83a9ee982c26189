"""The security log: one JSON object a line, for whoever watches the installation.

It holds the time (UTC), the event, its outcome, the account's id, the kind of device and the network. It
never holds an e-mail or IP address, a secret, a code, a token or a password; and as every value is a JSON
string, nobody can write a line of his own into it.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from blinker import Signal
from flask import Flask
from pythonjsonlogger.json import JsonFormatter

from console import private
from console.config import BadSetting
from mfa import database
from mfa.here import Here

said = Signal()
"""Sent with each line: the event, and what else the line says."""

_ROOT = logging.getLogger("twostep")
_EVENTS = logging.getLogger("twostep.events")


class _File(logging.handlers.WatchedFileHandler):
    """A file that only its owner reads, and that is opened again once logrotate has put it aside."""

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        # A device or a pipe keeps the mode that it has.
        if not path.exists() or path.is_file():
            private.make(path)
        return super()._open()


def set_up(app: Flask) -> None:
    """Send the lines to where ``EVENT_LOG`` says: ``stderr``, ``none``, or the path of a file.

    :raises BadSetting: the file can't be written.
    """
    target = str(app.config["EVENT_LOG"])
    handler: logging.Handler
    if target == "none":
        handler = logging.NullHandler()
    elif target == "stderr":
        handler = logging.StreamHandler(sys.stderr)
    else:
        try:
            handler = _File(Path(app.instance_path) / target, encoding="utf-8")
        except OSError as error:
            raise BadSetting("MFA_EVENT_LOG names a file that can't be written.") from error
    handler.setFormatter(
        JsonFormatter(
            "{message}{levelname}", style="{", rename_fields={"message": "event", "levelname": "level"}
        )
    )
    for old in list(_ROOT.handlers):
        _ROOT.removeHandler(old)
        old.close()
    _ROOT.addHandler(handler)
    _ROOT.setLevel(logging.INFO)
    _ROOT.propagate = False


def write(event: str, here: Here, **more: Any) -> None:
    """Write a line now; what it says is as in :func:`after_commit`."""
    _say(*_line(event, here, **more))


def after_commit(event: str, here: Here, **more: Any) -> None:
    """Write a line once the transaction at work is committed, and not if it is rolled back.

    :param more: ``outcome`` ("done" or "refused"), ``account`` (its id or None), and what else the event
        is about.
    """
    line = _line(event, here, **more)
    database.after_commit(lambda: _say(*line))


def _line(
    event: str, here: Here, *, outcome: str, account: int | None, **more: Any
) -> tuple[int, str, dict[str, Any]]:
    return (
        logging.WARNING if outcome == "refused" else logging.INFO,
        event,
        {
            "time": here.now.isoformat(),
            "outcome": outcome,
            "account": account,
            "device": here.device.name or None,
            "network": here.device.address or None,
            **more,
        },
    )


def _say(level: int, event: str, extra: dict[str, Any]) -> None:
    _EVENTS.log(level, event, extra=extra)
    said.send(event, **extra)
