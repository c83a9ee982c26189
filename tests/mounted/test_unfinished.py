"""Sign-ins that nobody finishes: the worker tells their owners, by what the row of the challenge says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from mfa import FlaskLoginAccounts, Person, database, tidying
from mfa.database import run
from mfa.notices.models import OutboxMail
from mfa.sign_in.models import Challenge
from tests.mounted.hosts import Protected, Shop, shops
from tests.support.clock import Clock


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    yield from shops(tmp_path)


def told(shop: Shop) -> list[str]:
    """Return to whom the mails go that the worker has written by now."""
    with shop.app.app_context():
        for _ in tidying.tidy():
            pass
        waiting = OutboxMail.message == "sign_in_unfinished"
        found = list(run(select(OutboxMail.recipient).where(waiting).order_by(OutboxMail.id)).scalars())
        database.close()
    return found


def begin(shop: Shop, *emails: str) -> list[Protected]:
    """Have people with those addresses type their password."""
    held = [shop.protect(shop.add(email)) for email in emails]
    for email in emails:
        shop.visitor().type_password(email)
    return held


@pytest.mark.parametrize("shares_session", [False, True])
def test_owner_is_told_once_after_ten_minutes(
    make_shop: Callable[..., Shop], clock: Clock, *, shares_session: bool
) -> None:
    shop = make_shop(shares_session=shares_session)
    begin(shop, "mina@example.com", "leo@example.com")
    clock.advance(minutes=9, seconds=59)
    assert told(shop) == []
    clock.advance(seconds=1)
    assert told(shop) == ["mina@example.com", "leo@example.com"]
    assert told(shop) == ["mina@example.com", "leo@example.com"]


def test_more_than_a_batch_are_told(
    make_shop: Callable[..., Shop], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BATCH", 2)
    shop = make_shop()
    emails = [f"p{number}@example.com" for number in range(5)]
    begin(shop, *emails)
    clock.advance(minutes=10)
    assert told(shop) == emails


def test_two_workers_tell_it_once(make_shop: Callable[..., Shop], clock: Clock) -> None:
    shop = make_shop()
    begin(shop, "mina@example.com", "leo@example.com")
    clock.advance(minutes=10)
    found: list[list[str]] = []
    workers = [threading.Thread(target=lambda: found.append(told(shop))) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert len(found) == 4
    assert told(shop) == ["mina@example.com", "leo@example.com"]


def test_many_sign_ins_do_not_fill_the_mailbox(make_shop: Callable[..., Shop], clock: Clock) -> None:
    """Also where each mail has left before the next one is written."""
    shop = make_shop()
    shop.protect(shop.add("mina@example.com"))
    written = 0
    for _ in range(60):
        shop.visitor().type_password("mina@example.com")
        clock.advance(minutes=2)
        written += len(told(shop))
        with shop.app.app_context():
            with database.transaction():
                run(delete(OutboxMail))
            database.close()
    assert 10 < written <= 20


def test_person_who_is_deleted_meanwhile_is_not_told(make_shop: Callable[..., Shop], clock: Clock) -> None:
    shop = make_shop()
    begin(shop, "mina@example.com", "leo@example.com")
    with shop.app.app_context():
        user = shop.db.session.query(shop.User).filter_by(email="mina@example.com").one()
        shop.db.session.delete(user)
        shop.db.session.commit()
    clock.advance(minutes=11)
    assert told(shop) == ["leo@example.com"]
    with shop.app.app_context():
        assert run(select(Challenge.id)).all() == []


def test_host_that_fails_for_one_does_not_silence_the_others(
    make_shop: Callable[..., Shop], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    class Fragile(FlaskLoginAccounts):
        def get(self, person_id: str) -> Person | None:
            if fails and person_id == "1":
                raise RuntimeError("nobody like that")
            return super().get(person_id)

    def make_accounts(shop: Any) -> FlaskLoginAccounts:
        return Fragile(shop.db, shop.User, check_password=lambda user, typed: user.password == typed)

    fails: list[bool] = []
    shop = make_shop(make_accounts=make_accounts)
    begin(shop, "mina@example.com", "leo@example.com")
    clock.advance(minutes=10)
    fails.append(True)
    assert told(shop) == ["leo@example.com"]
    assert "the owner of an unfinished sign-in could not be asked for" in caplog.messages
