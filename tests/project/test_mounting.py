"""docs/mounting.md: its tutorial runs, and what it names exists. docs/reference.md is up to date."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import mfa
from mfa.commands import group
from mfa.settings import NAMES
from tests.support import reference

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "mounting.md").read_text()
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
COMMANDS = sorted(set(re.findall(r"^flask --app notes two-step (.+)$", TEXT, re.MULTILINE)))


def block(part: str) -> str:
    """Return the one block that holds *part*."""
    (found,) = [code for _, code in BLOCKS if part in code]
    return found


def patched(text: str, hunk: str) -> str:
    """Return *text* with a hunk of a diff in it."""
    lines = hunk.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder with the app of the tutorial, changed as it says, and the test of the how-to."""
    files = {
        "notes.py": PYTHON[0],
        "templates/base.html": block("<title>{% block title %}"),
        "templates/home.html": block("<h1>My notes"),
        "templates/login.html": block("<h1>Sign in"),
        "test_notes.py": block("def test_sign_in_asks_for_the_code"),
    }
    for language, code in BLOCKS:
        if language == "diff":
            name = "templates/base.html" if "two_step.button" in code else "notes.py"
            for hunk in code.split("@@\n"):
                files[name] = patched(files[name], hunk)
    (tmp_path / "templates").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.process
def test_tutorial_and_its_test_run_as_they_are_written(notes: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        notes,
        "test_notes.py",
    ]
    done = subprocess.run(
        command, check=False, cwd=notes, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert "2 passed" in done.stdout, done.stdout


def test_tutorial_changes_fewer_than_25_lines() -> None:
    diffs = "".join(code for language, code in BLOCKS if language == "diff")
    assert len(re.findall(r"^\+.", diffs, re.MULTILINE)) < 25


@pytest.mark.parametrize("code", PYTHON)
def test_code_is_python_and_names_what_there_is(code: str) -> None:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "mfa":
            assert [each.name for each in node.names if not hasattr(mfa, each.name)] == []
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "two_step":
                assert hasattr(mfa.TwoStep, node.attr), node.attr
            elif node.value.id == "signals":
                assert hasattr(mfa.signals, node.attr), node.attr


@pytest.mark.parametrize("line", COMMANDS)
def test_command_exists_with_its_options(line: str) -> None:
    words = line.split()
    command: click.Command | None = group
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    assert command, line
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_every_setting_of_the_extension_has_its_row() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "mfa").rglob("*.py"))
    read = set(re.findall(r'"(MFA_[A-Z_]+)"', sources))
    rows = re.findall(r"^\| `(MFA_[A-Z_]+)` \|", TEXT, re.MULTILINE)
    assert sorted(read) == sorted(rows) == [f"MFA_{name}" for name in sorted(NAMES)]


def test_methods_of_the_adapter_have_their_rows() -> None:
    named = set(re.findall(r"^\| `(\w+)\(|, `(\w+)\(\)` \| store", TEXT, re.MULTILINE))
    rows = {name for pair in named for name in pair if name}
    methods = {
        name
        for name in vars(mfa.Accounts)
        if not name.startswith("_") and callable(getattr(mfa.Accounts, name))
    }
    assert rows == methods


def test_reference_is_up_to_date() -> None:
    """Else run ``make reference``."""
    assert reference.text() == reference.FILE.read_text()
