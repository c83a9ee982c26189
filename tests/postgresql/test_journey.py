"""Every change of an account on PostgreSQL, its migrations and its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from console import create_app
from console.config import BadSetting
from console.extensions import db
from tests.support.clock import Clock
from tests.support.person import EMAIL, PASSWORD, Person, entered
from tests.support.postgresql import address

NEW_KEY = "fedcba9876543210" * 4
NEW_EMAIL = "mina@new.example"


def test_the_whole_life_of_an_account(protected: Person) -> None:
    mina = protected
    mina.sign_out()
    mina.sign_in()
    assert entered(mina.verify_recovery_code(mina.recovery_codes[0]))
    # Shown the app before, the new codes open everything.
    mina.get("/account/two-step/confirm")
    mina.post("/account/two-step/confirm", {"factor": "code", "code": mina.next_code()})
    mina.prove_password("reissue")
    codes = mina.shown_codes()
    mina.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    mina.get("/account/profile/email")
    fields = {"email": NEW_EMAIL, "password": PASSWORD, "factor": "recovery_code", "recovery_code": codes[0]}
    mina.post("/account/profile/email", fields)
    path = mina.inbox.wait_for("Confirm your new", to=NEW_EMAIL).path
    mina.get(path)
    assert "Your email is changed." in mina.post(path).text
    mina.app.test_cli_runner().invoke(args=["mail", "deliver"])
    undo = mina.inbox.wait_for("address was changed", to=EMAIL).path
    mina.get(undo)
    reset = mina.post(undo).headers["HX-Redirect"]
    mina.get(reset)
    mina.post(reset, {"new_password": "seven boats under glass"})
    assert entered(mina.verify(mina.next_code()))
    mina.prove_password("disable", "seven boats under glass")
    assert "verification is off</h3>" in mina.disable(code=mina.next_code()).text
    assert "Change of email undone" in mina.client.get("/account/activity").text


def test_after_the_keys_are_rotated_the_old_one_is_needed_by_nothing(
    protected: Person, config: dict[str, Any], make_person: Callable[..., Person]
) -> None:
    with pytest.raises(BadSetting):
        create_app({**config, "SECRET_KEY": NEW_KEY})
    both = create_app({**config, "SECRET_KEY": NEW_KEY, "SECRET_KEY_FALLBACKS": [config["SECRET_KEY"]]})
    result = both.test_cli_runner().invoke(args=["keys", "rotate"])
    assert result.output.startswith("1 person encrypted again")
    alone = create_app({**config, "SECRET_KEY": NEW_KEY})
    person = Person(alone, protected.inbox, protected.clock)
    person.sign_in()
    assert entered(person.verify_recovery_code(protected.recovery_codes[0]))
    for app in (both, alone):
        with app.app_context():
            db.engine.dispose()


def terminate_connections(engine: Engine) -> None:
    """As when PostgreSQL is started anew."""
    mine = text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name")
    other = create_engine(engine.url.set(database="postgres"))
    with other.connect() as connection:
        assert connection.scalars(mine, {"name": engine.url.database}).all()
    other.dispose()


def test_connections_that_broke_while_nobody_used_them_are_nobodys_error(
    mina: Person, engine: Engine
) -> None:
    terminate_connections(engine)
    assert mina.is_signed_in()


def test_a_connection_that_rested_long_is_asked_whether_it_is_there_still(
    mina: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.database.TRUSTED_SECONDS", -1)
    assert mina.is_signed_in()
    # The word of the server is lost, as where a firewall has forgotten the connection.
    monkeypatch.setattr("console.database._has_unasked_answer", lambda _socket: False)
    terminate_connections(engine)
    assert mina.is_signed_in()


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York"])
def test_half_a_session_ends_after_ten_minutes_in_every_zone_of_the_database(
    config: dict[str, Any], make_person: Callable[..., Person], protected: Person, clock: Clock, zone: str
) -> None:
    uri = make_url(config["SQLALCHEMY_DATABASE_URI"]).update_query_dict({"options": f"-c timezone={zone}"})
    app = create_app({**config, "SQLALCHEMY_DATABASE_URI": address(uri)})
    there = make_person(client=app.test_client())
    there.sign_in()
    assert there.get("/sign-in/verify").status_code == 200
    clock.advance(minutes=11)
    assert there.get("/sign-in/verify").headers["HX-Redirect"] == "/sign-in?ended=sign-in"


def test_wrong_codes_of_two_who_are_halfway_in_do_not_stand_in_anybodys_way(
    protected: Person, make_person: Callable[..., Person]
) -> None:
    protected.sign_out()
    for thief in (make_person(), make_person()):
        thief.sign_in()
        thief.verify("000000")
    owner = make_person()
    assert owner.sign_in().status_code == 200
    assert entered(owner.verify(protected.next_code()))
