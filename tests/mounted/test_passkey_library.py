"""What reads passkeys is loaded by the first answer of one, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SERVES = """
import sys
from pathlib import Path
from tests.mounted.hosts import Shop

shop = Shop(Path({folder!r}))
shop.add()
visitor = shop.visitor()
visitor.type_password()
print(visitor.get("/account/two-step").status_code)
print(sorted(name for name in sys.modules if name.split(".")[0] in ("fido2", "cbor2")))
"""


@pytest.mark.process
def test_process_that_serves_no_passkey_does_not_load_the_library(tmp_path: Path) -> None:
    code = SERVES.format(folder=str(tmp_path))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["200", "[]"]
