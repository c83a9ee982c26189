"""What README, CONTRIBUTING and the guides tell people to type exists."""

from __future__ import annotations

import re

import click
import pytest
from flask import Flask
from sqlalchemy import Engine

from console.config.defaults import DEFAULTS, FROM_FILES
from mfa import settings
from tests.support.guide import GUIDES

ROOT = GUIDES.parents[1]
README = (ROOT / "README.md").read_text()
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in [*ROOT.glob("[!C]*.md"), ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
}
SQL = [
    found
    for path in sorted(GUIDES.glob("*.md"))
    for found in re.findall(r"(?:SELECT|DELETE|UPDATE)\s[^;`]+;", path.read_text())
]
_WRITTEN = re.compile(
    r"(?:flask (?:--app app )?|\btwostep |`)"
    r"((?:users|keys|backup|mail|passwords|webhooks|audit|two-step) (?!not |perhaps )[a-z][^`\n|&;>#]*)"
)
COMMANDS = sorted({found.strip() for text in TEXTS.values() for found in _WRITTEN.findall(text)})
CONSOLES = {"MFA_INSTANCE_PATH", *(f"MFA_{name}" for name in DEFAULTS)}
FILES = {f"MFA_{name}_FILE" for name in FROM_FILES}
HOSTS = {f"MFA_{name}" for name in settings.NAMES}
OF_TESTS = {"MFA_CHROMIUM"}


@pytest.mark.parametrize("statement", SQL)
def test_sql_runs_as_it_is_written(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(statement.replace("…", "0"))


@pytest.mark.parametrize("line", COMMANDS)
def test_command_has_its_options(app: Flask, line: str) -> None:
    words = iter(re.sub(r"\S*\|\S*", "", line).split())
    command: click.Command | None = app.cli
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), next(words))
    assert command, line
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("guide", TEXTS)
def test_settings_exist(guide: str) -> None:
    named = set(re.findall(r"\bMFA_[A-Z0-9_]*[A-Z0-9]\b", TEXTS[guide]))
    assert named - CONSOLES - FILES - HOSTS - OF_TESTS == set()


def test_readme_has_every_setting_with_its_default() -> None:
    """Where a default is a value, and not made from others."""
    table = {}
    for names, default in re.findall(r"^\| (`MFA_[^|]+`) \| ([^|]*) ?\|", README, re.MULTILINE):
        for name in re.findall(r"MFA_\w+", names):
            table[name] = default.strip()
    assert set(table) == CONSOLES
    values = {
        name: _written(DEFAULTS[name.removeprefix("MFA_")]) for name in set(table) - {"MFA_INSTANCE_PATH"}
    }
    assert {name: table[name] for name in values if values[name] and values[name] not in table[name]} == {}


def _written(default: object) -> str:
    """Return a default as the table has it; empty if it is made from others, or is off."""
    if default is None or default is False or default == "":
        return ""
    return f"`{str(default).lower() if default is True else default}`"


def test_guide_for_hosts_has_every_setting() -> None:
    guide = (ROOT / "docs" / "mounting.md").read_text()
    listed = re.findall(r"^\| (`MFA_[^|]+`) \|", guide, re.MULTILINE)
    assert {name for names in listed for name in re.findall(r"MFA_\w+", names)} == HOSTS


def test_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+)(?: [a-z-]+)*:", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name
        for text in TEXTS.values()
        for name in re.findall(r"(?:`|^)make ([a-z][a-z-]+)", text, re.MULTILINE)
    }
    assert len(named) > 10
    assert named - targets == set()


def test_something_is_looked_at() -> None:
    assert len(SQL) >= 3
    assert len(COMMANDS) >= 10
