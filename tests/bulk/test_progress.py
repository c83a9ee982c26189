"""The progress bar, on a terminal of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bulk.conftest import Files

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]


def on_a_terminal(config: dict[str, Any], *arguments: str) -> str:
    """What the command writes where somebody sees it: only standard error is a terminal."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MFA_")}
    seen, terminal = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "users", *arguments],
        cwd=ROOT,
        env={**own, "TERM": "xterm", **{f"MFA_{name}": str(value) for name, value in config.items()}},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        check=True,
    )
    os.close(terminal)
    written = b""
    try:
        while part := os.read(seen, 65536):
            written += part
    except OSError:
        pass  # that is how a terminal ends
    os.close(seen)
    return written.decode()


def test_an_import_shows_how_far_it_is(files: Files, config: dict[str, Any]) -> None:
    path = files.write("email\n" + "".join(f"p{number}@example.com\n" for number in range(3000)))
    written = on_a_terminal({**config, "MAIL_WORKER": "none"}, "import", str(path))
    assert "100%" in written
    assert "\r" in written


def test_an_export_shows_how_far_it_is(files: Files, config: dict[str, Any], tmp_path: Path) -> None:
    files.take("email\n" + "".join(f"p{number}@example.com\n" for number in range(3000)))
    written = on_a_terminal({**config, "MAIL_WORKER": "none"}, "export", str(tmp_path / "out.csv"))
    assert "100%" in written
