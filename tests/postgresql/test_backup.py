"""A dump of PostgreSQL made while people sign in, brought back into another database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import make_url

from tests.support import backup
from tests.support.person import Person
from tests.support.postgresql import address, dump, restore


def test_everyone_signs_in_with_the_same_second_step(
    app: Flask,
    make_person: Callable[..., Person],
    config: dict[str, Any],
    tmp_path: Path,
) -> None:
    people = backup.make_people(make_person)
    source = make_url(config["SQLALCHEMY_DATABASE_URI"])
    backup.sign_in_meanwhile(people, lambda: dump(source, tmp_path / "twostep.dump"))
    target = restore(tmp_path / "twostep.dump", source)
    brought_back = backup.restored(config, SQLALCHEMY_DATABASE_URI=address(target))
    assert [backup.signs_in(person, brought_back) for person in people] == [True] * backup.PEOPLE
    backup.close(brought_back)
