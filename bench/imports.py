"""Memory of a process by what it imports, one after the other; printed as JSON, RSS in MB."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path

PARTS = (
    "flask",
    "sqlalchemy.orm flask_sqlalchemy",
    "flask_babel",
    "limits limits.strategies limits.storage",
    "flask_wtf wtforms",
    "flask_login flask_mail email_validator",
    "cryptography.hazmat.primitives.ciphers.aead argon2",
    "qrcode.main",
    "ua_parser",
    "console",
)


def main() -> None:
    sizes = {"Python": _size()}
    for part in PARTS:
        for module in part.split():
            importlib.import_module(module)
        sizes[part.replace(" ", ", ")] = _size()
    importlib.import_module("ua_parser").parse("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0")
    sizes["the first name of a device"] = _size()
    importlib.import_module("console.passwords.rules").common()
    sizes["the list of common passwords"] = _size()
    json.dump(sizes, sys.stdout)


def _size() -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
