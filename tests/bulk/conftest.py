"""Files of accounts, and the command that takes them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from console import create_app
from tests.support.database import hang_up
from tests.support.stores import Stores

KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NEW_INSTALLATION_KEY = "fedcba9876543210" * 4


class Files:
    """A folder of files of accounts."""

    def __init__(self, folder: Path, app: Flask) -> None:
        self.folder, self.app = folder, app

    def write(self, text: str | bytes, name: str = "accounts.csv") -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def take(self, text: str | bytes, *options: str) -> Result:
        """Import a file with that content."""
        return self.run("import", str(self.write(text)), *options)

    def run(self, *arguments: str, app: Flask | None = None, **more: Any) -> Result:
        return (app or self.app).test_cli_runner().invoke(args=["users", *arguments], **more)


@pytest.fixture
def files(tmp_path: Path, app: Flask) -> Files:
    folder = tmp_path / "files"
    folder.mkdir()
    return Files(folder, app)


@pytest.fixture
def elsewhere(
    config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, stores: Stores
) -> Iterator[Flask]:
    """Another installation: empty, and with a master key of its own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    own = stores.fresh(folder)
    app = create_app({**config, **own, "INSTANCE_PATH": folder, "SECRET_KEY": NEW_INSTALLATION_KEY})
    yield app
    app.extensions["mfa_mail_worker"].stop()
    hang_up()
    stores.take_back(own)


@pytest.fixture
def rows() -> Callable[[str | Path], list[dict[str, str]]]:
    """The rows of a file, or of a text, as any reader of CSV sees them."""

    def read(source: str | Path) -> list[dict[str, str]]:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        return list(csv.DictReader(text.splitlines()))

    return read
