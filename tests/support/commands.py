"""The commands of the console, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from tests.conftest import SETTINGS

_ROOT = Path(__file__).resolve().parent.parent.parent


def start(app: Flask, *command: str, **settings: str) -> subprocess.Popen[bytes]:
    """Start ``flask`` with *command* on the database and the mail server of *app*.

    :param settings: more settings, by the names of their variables.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    environment = {
        **own,
        "MFA_MODE": "development",
        "MFA_SECRET_KEY": SETTINGS["SECRET_KEY"],
        "MFA_PASSWORD_HASH_COST": SETTINGS["PASSWORD_HASH_COST"],
        "MFA_INSTANCE_PATH": app.instance_path,
        "MFA_SQLALCHEMY_DATABASE_URI": app.config["SQLALCHEMY_DATABASE_URI"],
        "MFA_MAIL_SERVER": app.config["MAIL_SERVER"],
        "MFA_MAIL_PORT": str(app.config["MAIL_PORT"]),
        "MFA_MAIL_WORKER": "none",
        **settings,
    }
    flask = [sys.executable, "-m", "flask", "--app", "app", *command]
    return subprocess.Popen(flask, cwd=_ROOT, env=environment)
