"""What kinds of authenticator are called, by their AAGUIDs. ``make passkey-names`` renews the table."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from uuid import UUID

TABLE = Path(__file__).with_name("aaguids.json")


def name_of(aaguid: bytes) -> str | None:
    """Return what the kind of authenticator is called, like "iCloud Keychain"; None if that isn't known.

    :param aaguid: 16 bytes.
    """
    return _names().get(str(UUID(bytes=aaguid)))


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = json.loads(TABLE.read_text(encoding="utf-8"))["names"]
    return names
