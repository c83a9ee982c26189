"""Where the lines of :mod:`mfa.activity.log` go, and those of the server."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from io import TextIOWrapper
from pathlib import Path

from flask import Flask
from pythonjsonlogger.json import JsonFormatter

from console import private
from console.config import BadSetting

_ROOT = logging.getLogger("twostep")


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
