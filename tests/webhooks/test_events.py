"""What the receiver is told of, each in the transaction of its change and once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from console.accounts.models import Account, Role
from console.extensions import db
from console.operator import rules as operator
from console.operator.rules import Act
from console.organization.security import rules as security
from console.webhooks import events, outbox
from console.webhooks.models import WebhookEvent
from mfa.database import transaction
from tests.deletion.steps import ask, deliver, keep_house
from tests.recovery.steps import finish, help_back, links
from tests.support.applications import Applications
from tests.support.clock import Clock
from tests.support.hooks import SECRET, HookServer
from tests.support.person import EMAIL, PASSWORD, Person
from tests.support.smtp import Inbox

DOCS = (Path(__file__).resolve().parent.parent.parent / "docs/operations/webhooks.md").read_text()
EXAMPLES = {
    example["type"]: example
    for example in map(json.loads, re.findall(r"^```json\n(.*?)\n```$", DOCS, re.MULTILINE | re.DOTALL))
}
ACCOUNT = {"account": "1"}


@pytest.fixture
def app(config: dict[str, Any], applications: Applications) -> Iterator[Flask]:
    """Without a context of its own: people come in requests."""
    app = applications.get(config)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def told(app: Flask) -> Callable[[], list[tuple[str, dict[str, Any]]]]:
    """Return the events since the last time: their types and data. Each is like its example."""

    def take() -> list[tuple[str, dict[str, Any]]]:
        with app.app_context():
            found = [
                json.loads(body)
                for body in db.session.scalars(select(WebhookEvent.body).order_by(WebhookEvent.id))
            ]
            with transaction():
                db.session.execute(delete(WebhookEvent))
            db.session.remove()
        for event in found:
            example = EXAMPLES[event["type"]]
            assert event.keys() == example.keys()
            assert {name: type(value) for name, value in event["data"].items()} == {
                name: type(value) for name, value in example["data"].items()
            }
        return [(event["type"], event["data"]) for event in found]

    return take


Told = Callable[[], list[tuple[str, dict[str, Any]]]]


def do(person: Person, act: Callable[[Account], object]) -> None:
    """Do what an operator or administrator does to the person's account."""
    with person.app.app_context():
        act(db.session.scalars(select(Account).where(Account.email == person.email)).one())
        db.session.remove()


def by(clock: Clock, actor: int | None = None) -> Act:
    return Act("support", "asked for on the phone", clock(), actor)


def test_every_event_is_in_the_documentation_with_an_example() -> None:
    assert EXAMPLES.keys() == events.TYPES


def test_turning_it_on_and_off(mina: Person, told: Told) -> None:
    told()
    mina.begin().verify_email().scan().enter_code()
    assert told() == []
    mina.complete()
    assert told() == [("two_step.enabled", ACCOUNT)]
    mina.prove_password("disable")
    mina.disable(factor="code", code=mina.next_code())
    assert told() == [("two_step.disabled", ACCOUNT)]


@pytest.mark.parametrize("actor", [None, 2])
def test_a_reset_by_an_operator_or_administrator(
    protected: Person, told: Told, clock: Clock, actor: int | None
) -> None:
    told()
    do(protected, lambda account: operator.disable_two_step(account, by(clock, actor)))
    assert told() == [("two_step.reset", ACCOUNT)]


def test_a_reset_by_the_command_of_the_extension(protected: Person, told: Told) -> None:
    told()
    command = ["two-step", "reset", "1", "--by", "support", "--reason", "asked for on the phone"]
    assert protected.app.test_cli_runner().invoke(args=command).exit_code == 0
    assert told() == [("two_step.reset", ACCOUNT)]


def test_a_way_back_is_a_reset_once_it_is_finished(protected: Person, told: Told, inbox: Inbox) -> None:
    told()
    protected.sign_out()
    help_back(protected.app)
    deliver(protected.app)
    assert told() == []
    back, _ = links(inbox)
    finish(protected, back)
    assert told() == [("two_step.reset", ACCOUNT)]


def test_locking_and_unlocking(mina: Person, told: Told, clock: Clock) -> None:
    told()
    do(mina, lambda account: operator.lock(account, by(clock)))
    assert told() == [("account.locked", {**ACCOUNT, "removed": False})]
    do(mina, lambda account: operator.unlock(account, by(clock)))
    assert told() == [("account.unlocked", ACCOUNT)]


def test_removing_a_member_locks_the_account(mina: Person, told: Told, clock: Clock) -> None:
    told()
    do(mina, lambda account: operator.remove(account, by(clock, 2)))
    assert told() == [("account.locked", {**ACCOUNT, "removed": True})]


def test_roles(mina: Person, told: Told, clock: Clock) -> None:
    told()
    for role in (Role.ADMINISTRATOR, Role.MEMBER, Role.OWNER):
        do(mina, lambda account, role=role: operator.give_role(account, role, by(clock)))  # type: ignore[misc]
        assert told() == [("role.changed", {**ACCOUNT, "role": role.value})]


def test_the_requirement(protected: Person, told: Told, clock: Clock) -> None:
    told()
    required = {"required": True, "scope": "everybody", "grace_days": 7}

    def save(**changes: Any) -> None:
        def act(account: Account) -> None:
            security.save(account, replace(security.settings(), **required | changes), clock())

        do(protected, act)

    save()
    assert told() == [("requirement.enabled", {"scope": "everybody", "grace_days": 7})]
    save(scope="managers")
    assert told() == [("requirement.enabled", {"scope": "managers", "grace_days": 7})]
    save(scope="managers", grace_days=1)
    assert told() == []
    save(required=False)
    assert told() == [("requirement.disabled", {"scope": "managers"})]


def test_the_deletion_of_an_account(
    mina: Person, make_person: Callable[..., Person], told: Told, clock: Clock
) -> None:
    other = make_person(email="jun@example.com").sign_up("jun@example.com")
    ask(other)
    told()
    clock.advance(days=15)
    with other.app.app_context():
        keep = outbox.counts()
    keep_house(other.app)
    assert keep.waiting == 0
    assert told() == [("account.deleted", {"account": "2"})]


def test_what_else_happens_to_an_account_is_not_told(protected: Person, told: Told) -> None:
    told()
    protected.sign_out()
    protected.sign_in(password="not the password")
    protected.sign_in()
    protected.verify("000000")
    protected.verify(protected.next_code())
    protected.get("/account")
    assert told() == []


def test_a_change_that_breaks_at_its_end_tells_nothing(
    protected: Person, told: Told, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went out")

    told()
    with monkeypatch.context() as patch:
        patch.setattr("console.organization.audit.rules.keys.newest", broken)
        with pytest.raises(RuntimeError):
            do(protected, lambda account: operator.lock(account, by(clock)))
    assert told() == []


def test_an_event_that_can_not_be_written_undoes_the_change(
    protected: Person, told: Told, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "make", broken)
        with pytest.raises(RuntimeError):
            do(protected, lambda account: operator.lock(account, by(clock)))
    do(protected, lambda account: operator.lock(account, by(clock)))


def test_an_event_holds_neither_name_nor_address(
    protected: Person, app: Flask, hooks: HookServer, clock: Clock
) -> None:
    do(protected, lambda account: operator.lock(account, by(clock)))
    with app.app_context():
        outbox.deliver_due()
        db.session.remove()
    posted = hooks.take_all()
    assert posted
    for one in posted:
        for text in (EMAIL, "Mina", PASSWORD, "asked for on the phone"):
            assert text.encode() not in one.body


# The documentation's own code and example


@pytest.fixture
def is_genuine(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[..., bool]:
    (code,) = re.findall(r"^  ```python\n(.*?)^  ```$", DOCS, re.MULTILINE | re.DOTALL)
    given: dict[str, Any] = {}
    exec(re.sub(r"^  ", "", code, flags=re.MULTILINE), given)  # noqa: S102 (ours)
    monkeypatch.setattr(time, "time", lambda: clock.seconds)
    found: Callable[..., bool] = given["is_genuine"]
    return found


def test_the_example_of_the_documentation_is_genuine(is_genuine: Callable[..., bool]) -> None:
    (example,) = re.findall(r"^```http\n(.*?)\n```$", DOCS, re.MULTILINE | re.DOTALL)
    head, _, body = example.partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    (secret,) = re.findall(r"The secret was `(\S+)` here", DOCS)
    assert is_genuine(secret, headers, body.encode())


def test_the_code_of_the_documentation_tells_what_is_genuine(
    app: Flask, hooks: HookServer, clock: Clock, is_genuine: Callable[..., bool]
) -> None:
    with app.app_context():
        with transaction():
            outbox.post("account.unlocked", {"account": "7"}, clock())
        outbox.deliver_due()
        db.session.remove()
    posted = hooks.wait_for()
    assert is_genuine(SECRET, posted.headers, posted.body)
    assert is_genuine(
        SECRET,
        {**posted.headers, "webhook-signature": f"v1,a {posted.headers['webhook-signature']}"},
        posted.body,
    )
    assert not is_genuine(SECRET, posted.headers, posted.body.replace(b"7", b"8"))
    assert not is_genuine(SECRET, {**posted.headers, "webhook-id": "msg_2"}, posted.body)
    assert not is_genuine("whsec_" + "A" * 32, posted.headers, posted.body)
    clock.advance(minutes=6)
    assert not is_genuine(SECRET, posted.headers, posted.body)
