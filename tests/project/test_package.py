"""The package: the extension alone, built without the network, and installed into an empty folder."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import mfa

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = [sys.executable, "-m", "build", "--no-isolation", "--skip-dependency-check"]
INSTALL = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
SHOW = """
import importlib, pkgutil, mfa
for found in pkgutil.walk_packages(mfa.__path__, "mfa."):
    importlib.import_module(found.name)
print(mfa.__file__, mfa.__version__)
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([*BUILD, "--wheel", "--sdist", "--outdir", folder, ROOT], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


def packaged() -> set[str]:
    """Return the files that belong into the package."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "mfa").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_holds_the_extension_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if ".dist-info/" not in name} == packaged()


def test_package_has_its_templates_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"mfa/py.typed", "mfa/templates/mfa/_fields.html"} <= names


def test_sdist_can_be_built_from(dist: Path) -> None:
    (found,) = dist.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert packaged() | {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert not [name for name in names if name.startswith("console")]


def test_wheel_is_imported_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([*INSTALL, "--target", tmp_path, wheel], check=True, cwd=tmp_path)
    shown = subprocess.run(
        [sys.executable, "-P", "-c", SHOW],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert shown.stdout == f"{tmp_path / 'mfa' / '__init__.py'} {mfa.__version__}\n"


def test_wheel_is_named_for_the_version(wheel: Path) -> None:
    assert wheel.name.startswith(f"twostep-{mfa.__version__}-")


def test_package_requires_what_it_imports() -> None:
    """A room that moves to mfa/ brings its dependencies along, out of the group "console"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {_normalized(re.split("[>=<\\[ ]", each)[0]) for each in project["dependencies"]}
    missing = {name for name in imported() if not required & _distributions(name)}
    assert missing == set()


def imported() -> set[str]:
    """Return the top-level names that the package imports, besides its own and those of Python."""
    names: set[str] = set()
    for path in (ROOT / "mfa").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"mfa"}


def _distributions(name: str) -> set[str]:
    return {_normalized(each) for each in packages_distributions()[name]}


def _normalized(distribution: str) -> str:
    return re.sub("[-_.]+", "-", distribution).lower()
