"""The package: the extension alone, built without the network, and installed into an empty folder."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import mfa
from tests.support import catalogs

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

WALK = """
import sys
import mfa
from examples.flask_login import create_app

app = create_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{sys.argv[1]}/shop.db", MFA_SERVER_NAME="localhost")
made = app.test_cli_runner().invoke(args=["two-step", "db", "upgrade"])
assert made.exit_code == 0, made.output
client = app.test_client()
signed_in = client.post(
    "/login", data={"email": "mina@example.com", "password": "orange kettle drives north"}
)
tab = client.get("/account/two-step")
style = client.get(tab.text.partition('rel="stylesheet" href="')[2].partition('"')[0])
print(mfa.__file__, signed_in.status_code, tab.status_code, style.status_code, "Activate" in tab.text)
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


def test_package_has_the_catalog_of_each_language(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"mfa/translations/{code}/LC_MESSAGES/mfa.mo" for code in catalogs.codes()} <= names


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


def test_example_runs_from_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """What the package requires is lent by this environment, which has no mfa of its own."""
    own = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", own], check=True)
    (site,) = own.glob("lib/python*/site-packages")
    subprocess.run([*INSTALL, "--target", site, wheel], check=True, cwd=tmp_path)
    (site / "lent.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    (tmp_path / "examples").mkdir()
    for name in ("__init__.py", "flask_login.py"):
        shutil.copy(ROOT / "examples" / name, tmp_path / "examples" / name)
    walked = subprocess.run(
        [own / "bin" / "python", "-c", WALK, tmp_path],
        check=True,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert walked.stdout == f"{site / 'mfa' / '__init__.py'} 302 200 200 True\n"


def test_wheel_is_named_for_the_version(wheel: Path) -> None:
    assert wheel.name.startswith(f"twostep-{mfa.__version__}-")


def test_package_requires_what_it_imports() -> None:
    """A room that moves to mfa/ brings its dependencies along, out of the group "console"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    named = [*project["dependencies"], *extras]
    required = {_normalized(re.split("[>=<\\[ ]", each)[0]) for each in named}
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
