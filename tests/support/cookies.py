"""A session cookie as anyone can read it who holds it: no key is needed."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any


def read_cookie(cookie: str) -> dict[str, Any]:
    """What the signed cookie says."""
    packed = cookie.startswith(".")
    payload = cookie.lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    read: dict[str, Any] = json.loads(zlib.decompress(raw) if packed else raw)
    return read
