"""The files of the repository as a whole."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VENDORED = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-csp.min.js": "a7e1e6711ae6c3e50ad300fba7936cbe8d07599cdae313414a179ddd6b26e143",
}
# Put together here, so that this file does not hold what it looks for.
NOT_HERE = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs.org",
    "deb." + "debian.org",
    "/wo" + "rk/",
    "/tm" + "p/",
]
NOT_OURS = {
    ".git",
    ".venv",
    ".shots",
    ".bench",
    "dist",
    "__pycache__",
    "instance",
    "secrets",
    ".env",
    ".hypothesis",
}
"""What stands beside the project's files; a caches' folder ends in ``_cache``."""


def files() -> Iterator[Path]:
    """Yield the project's files, without asking git: an archive of them has none."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith("_cache")]
        yield from (Path(folder, name) for name in names if name not in NOT_OURS)


@pytest.mark.parametrize("text", NOT_HERE)
def test_no_file_names_a_registry_or_a_path_of_one_machine(text: str) -> None:
    named = [path.name for path in files() if text.encode() in path.read_bytes()]
    assert named == []


def test_every_vendored_script_is_the_one_that_was_checked() -> None:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / "mfa/static/mfa/vendor").glob("*.js")
    }
    assert found == VENDORED


@pytest.mark.parametrize("name", VENDORED)
def test_a_vendored_script_has_its_hash_beside_it(name: str) -> None:
    assert (ROOT / f"mfa/static/mfa/vendor/{name}.sha256").read_text() == f"{VENDORED[name]}  {name}\n"


def test_htmx_comes_with_its_license() -> None:
    assert "Zero-Clause BSD" in (ROOT / "mfa/static/mfa/vendor/htmx.LICENSE").read_text()


def test_every_picture_that_the_readme_shows_is_there() -> None:
    shown = re.findall(r"\((docs/screens/[^)]+\.png)\)", (ROOT / "README.md").read_text())
    assert len(shown) >= 4
    assert [name for name in shown if not (ROOT / name).is_file()] == []


def test_every_folder_that_the_editors_settings_name_is_there() -> None:
    named = re.findall(r"^\[([\w/.-]+/)\*+\]$", (ROOT / ".editorconfig").read_text(), re.MULTILINE)
    assert named
    assert [name for name in named if not (ROOT / name).is_dir()] == []
