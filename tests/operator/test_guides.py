"""What the operators' guides tell people to type exists."""

from __future__ import annotations

import re

import click
import pytest
from flask import Flask
from sqlalchemy import Engine

from console.config.defaults import DEFAULTS, FROM_FILES
from tests.support.guide import GUIDES

TEXTS = {path.name: path.read_text() for path in GUIDES.glob("*.md")}
SQL = [found for text in TEXTS.values() for found in re.findall(r"(?:SELECT|DELETE|UPDATE)\s[^;`]+;", text)]
_WRITTEN = re.compile(
    r"(?:flask --app app |\btwostep |`)"
    r"((?:users|keys|backup|mail|passwords|webhooks) (?!not |perhaps )[a-z][^`\n|&;>#]*)"
)
COMMANDS = sorted({found.strip() for text in TEXTS.values() for found in _WRITTEN.findall(text)})
OTHER_SETTINGS = {"MFA_INSTANCE_PATH", *(f"MFA_{name}_FILE" for name in FROM_FILES)}


@pytest.mark.parametrize("statement", SQL)
def test_sql_runs_as_it_is_written(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(statement.replace("…", "0"))


@pytest.mark.parametrize("line", COMMANDS)
def test_command_has_its_options(app: Flask, line: str) -> None:
    words = line.split()
    names = words[:2]
    group = app.cli.get_command(click.Context(app.cli), names[0])
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), names[1])
    assert command, line
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("guide", TEXTS)
def test_settings_exist(guide: str) -> None:
    named = set(re.findall(r"\bMFA_[A-Z0-9_]*[A-Z0-9]\b", TEXTS[guide]))
    assert named - {f"MFA_{name}" for name in DEFAULTS} - OTHER_SETTINGS == set()


def test_something_is_looked_at() -> None:
    assert len(SQL) >= 3
    assert len(COMMANDS) >= 10
