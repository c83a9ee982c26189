"""A back-up of SQLite made while people sign in, brought back elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console import create_app
from console.config import BadSetting
from tests.support import backup
from tests.support.applications import Place
from tests.support.person import EMAIL, Person
from tests.support.smtp import Inbox

pytestmark = pytest.mark.sqlite

NEW_EMAIL = "mina@new.example"


def dump(source: Path, target: Path) -> None:
    """What ``sqlite3 SOURCE ".backup TARGET"`` does."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


@pytest.fixture
def other_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def bring_back(config: dict[str, Any], other_folder: Path) -> Iterator[Callable[[], Flask]]:
    apps: list[Flask] = []

    def bring_back() -> Flask:
        apps.append(backup.restored(config, INSTANCE_PATH=other_folder))
        return apps[-1]

    yield bring_back
    for app in apps:
        backup.close(app)


def test_everyone_signs_in_with_the_same_second_step(
    make_person: Callable[..., Person], place: Place, other_folder: Path, bring_back: Callable[[], Flask]
) -> None:
    people = backup.make_people(make_person)
    backup.sign_in_meanwhile(people, lambda: dump(place.folder / "twostep.db", other_folder / "twostep.db"))
    app = bring_back()
    assert [backup.signs_in(person, app) for person in people] == [True] * backup.PEOPLE


def test_without_the_key_it_does_not_start(
    protected: Person, config: dict[str, Any], place: Place, other_folder: Path
) -> None:
    dump(place.folder / "twostep.db", other_folder / "twostep.db")
    with pytest.raises(BadSetting, match="lack"):
        create_app({**config, "INSTANCE_PATH": other_folder, "SECRET_KEY": "fedcba9876543210" * 4})


def test_a_session_that_was_ended_after_the_back_up_does_not_live_again(
    protected: Person, inbox: Inbox, place: Place, other_folder: Path, bring_back: Callable[[], Flask]
) -> None:
    dump(place.folder / "twostep.db", other_folder / "twostep.db")
    stolen = Person(bring_back(), inbox, protected.clock)
    stolen.put_cookie(protected.cookie())
    protected.sign_out()
    assert not stolen.is_signed_in()


def change_email(person: Person, new: str) -> str:
    """Change the address of *person*; the path of the link that undoes it."""
    before = person.email
    person.get("/account/profile/email")
    fields = {"email": new, "password": "orange kettle drives north"}
    person.post("/account/profile/email", fields)
    path = person.inbox.wait_for("Confirm your new", to=new).path
    person.get(path)
    assert "Your email is changed." in person.post(path).text
    with person.app.app_context():
        from mfa.notices import outbox

        outbox.deliver_due()
    return person.inbox.wait_for("address was changed", to=before).path


def test_a_link_from_after_the_back_up_undoes_nothing_of_somebody_else(
    make_person: Callable[..., Person],
    inbox: Inbox,
    place: Place,
    other_folder: Path,
    bring_back: Callable[[], Flask],
) -> None:
    """Both changes would be the first that the database knows of."""
    other = make_person(email="other@example.com").sign_up()
    mina = make_person(email=EMAIL).sign_up()
    dump(place.folder / "twostep.db", other_folder / "twostep.db")
    undo = change_email(other, "other@new.example")
    app = bring_back()
    again = Person(app, inbox, mina.clock)
    again.sign_in()
    change_email(again, NEW_EMAIL)
    stranger = Person(app, inbox, mina.clock)
    assert "new.example" not in stranger.get(undo).text
    stranger.post(undo)
    assert NEW_EMAIL in again.client.get("/account/profile").text


def test_it_says_how_many_sessions_ended(make_person: Callable[..., Person]) -> None:
    mina = make_person().sign_up()
    runner = mina.app.test_cli_runner()
    assert runner.invoke(args=["backup", "restored"]).stdout == "1 session ended\n"
    assert runner.invoke(args=["backup", "restored"]).stdout == "0 sessions ended\n"
