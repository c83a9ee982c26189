"""A dump of PostgreSQL made while people sign in, brought back into another database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import make_url

from console import create_app
from console.extensions import db
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


def test_a_dump_of_an_older_version_comes_back_beside_the_tables_of_a_newer_one(
    protected: Person, config: dict[str, Any], tmp_path: Path
) -> None:
    """As when a new version has to be given up, or was made after the dump."""
    source = make_url(config["SQLALCHEMY_DATABASE_URI"])
    with protected.app.app_context():
        db.session.remove()
        flask_migrate.downgrade(revision="0003")
        dump(source, tmp_path / "twostep.dump")
        flask_migrate.upgrade()
    target = address(restore(tmp_path / "twostep.dump", source))
    older = create_app({**config, "SQLALCHEMY_DATABASE_URI": target})
    with older.app_context():
        flask_migrate.upgrade()
    brought_back = backup.restored(config, SQLALCHEMY_DATABASE_URI=target)
    assert backup.signs_in(protected, brought_back)
    for app in (older, brought_back):
        backup.close(app)
