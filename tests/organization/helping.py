"""Help for a member over HTTP: what administrators press, and what the member does with the link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from flask import Flask
from sqlalchemy import delete, select, update

from console.accounts import search
from console.accounts.models import Account, Role
from console.extensions import db
from console.organization.audit.models import AuditEvent
from console.organization.help import rules
from console.organization.help.models import HelpRequest
from console.policy.models import OrganizationSettings
from mfa.database import transaction
from mfa.people.models import Recovery
from tests.support.person import PASSWORD, Person, Response
from tests.support.smtp import Inbox, Letter

MEMBERS = "/organization/members"
JUN, KIM, REASON = "jun@example.com", "kim@example.com", "lost her phone, was at my desk"
LINK = "Set up 2-step verification again"


class Links(NamedTuple):
    """What the mail to the member has: the way back, and the way to stop it."""

    back: str
    stop: str


def take_two(app: Flask, *, wanted: bool = True) -> None:
    """Have a second administrator approve a reset, as the setting does."""
    with app.app_context():
        with transaction():
            db.session.execute(update(OrganizationSettings).values(approves_resets=wanted))
        db.session.remove()


def press(person: Person, url: str, **fields: str) -> Response:
    """Open a page and press its button; on any page if that one isn't open to them."""
    answer = person.get(url)
    if "<form" not in answer.text:
        person.get("/", headers={"HX-Request": ""})
    token = {"csrf_token": person.hidden()["csrf_token"]}
    return person.post(url, {**token, **fields})


def ask(person: Person, member: int = 2, reason: str = REASON) -> Response:
    return press(person, f"{MEMBERS}/{member}/reset", reason=reason)


def approve(person: Person, number: int = 1, member: int = 2) -> Response:
    return press(person, f"{MEMBERS}/{member}/reset/{number}/approve")


def withdraw(person: Person, number: int = 1, member: int = 2, seen: str = "waiting") -> Response:
    return press(person, f"{MEMBERS}/{member}/reset/{number}/withdraw", seen=seen)


def links(letter: Letter) -> Links:
    """Return the paths of the links in the mail to the member."""
    back, stop = (re.sub(r"^https?://[^/]+", "", url) for url in re.findall(r"https?://\S+", letter.text)[:2])
    return Links(back, stop)


def mailed(inbox: Inbox, to: str = JUN) -> Links:
    return links(inbox.wait_for(LINK, to=to))


def use(member: Person, way: Links, password: str = PASSWORD) -> Response:
    """Open the link in a browser, and type the password."""
    page = member.get(way.back, headers={"HX-Request": ""})
    if page.status_code != 200:
        return page
    return member.post(way.back, {"password": password})


def stop(member: Person, way: Links) -> Response:
    """Press **This wasn't me** on the page of the other link."""
    member.get(way.stop, headers={"HX-Request": ""})
    return member.post(way.stop)


def written(app: Flask) -> list[tuple[str, int | None, str]]:
    """What stands in the organization's activity about the member: the event, who did it, the reason."""
    with app.app_context():
        rows = db.session.scalars(
            select(AuditEvent).where(AuditEvent.subject_id == 2).order_by(AuditEvent.id)
        ).all()
        db.session.remove()
    return [(row.event, row.actor_id, row.reason) for row in rows]


def events(app: Flask) -> list[str]:
    return [event for event, *_ in written(app)]


def details(app: Flask) -> str:
    """The details of the newest row."""
    with app.app_context():
        found = db.session.scalars(select(AuditEvent.detail).order_by(AuditEvent.id.desc())).first()
        db.session.remove()
    return found or ""


def requests(app: Flask) -> list[HelpRequest]:
    with app.app_context():
        found = list(db.session.scalars(select(HelpRequest).order_by(HelpRequest.id)))
        db.session.remove()
    return found


def settle(app: Flask, now: datetime) -> None:
    """One round of the housekeeping about requests."""
    with app.app_context():
        for _ in rules.settle_all(now):
            pass
        db.session.remove()


def change(app: Flask, email: str, **values: object) -> None:
    """Change an account, as nothing on a page does."""
    with app.app_context():
        with transaction():
            db.session.execute(update(Account).where(Account.email == email).values(**values))
        db.session.remove()


@contextmanager
def helped(app: Flask, now: datetime) -> Iterator[tuple[int, Callable[..., None]]]:
    """Give the id of a member whom an administrator asks to help, and what brings a request into a state.

    The request is about that member, or about who is named besides. Both people are there for as long as the
    block lasts.
    """
    take_two(app)
    people = (("jun", "Jun Park", Role.MEMBER), ("kim", "Kim Park", Role.ADMINISTRATOR))
    with app.app_context(), transaction():
        accounts = [account(name, called, role, now) for name, called, role in people]
        db.session.add_all(accounts)
        db.session.flush()
        member, asker = (one.id for one in accounts)

    def move_on(state: rules.State, whom: int = member) -> None:
        with app.app_context(), transaction():
            asked = select(HelpRequest).where(HelpRequest.account_id == whom)
            request = db.session.scalar(asked) or HelpRequest(
                account_id=whom, reason="#4711", asked_by=asker, asked_at=now
            )
            request.ends_at = now + (rules.WAITS if state is rules.State.WAITING else rules.LINK_LASTS)
            if state is rules.State.OUT:
                request.approved_by, request.approved_at = 1, now
                request.recovery_id = _recovery(member, now)
            elif state is rules.State.STOPPED:
                request.stopped_at = now
            db.session.add(request)

    yield member, move_on
    with app.app_context(), transaction():
        db.session.execute(delete(HelpRequest))
        db.session.execute(delete(Account).where(Account.id.in_([member, asker])))
    take_two(app, wanted=False)


def account(name: str, called: str, role: Role, now: datetime) -> Account:
    """Return somebody of that name at example.com, with 2-step verification on, who is not stored yet."""
    email = f"{name}@example.com"
    return Account(
        email=email,
        email_key=email,
        name=called,
        password_hash="",
        role=role,
        two_step_on=True,
        created_at=now,
        last_signed_in_at=now,
        search_key=search.key(called, email),
    )


def _recovery(member: int, now: datetime) -> int:
    recovery = Recovery(
        person_id=str(member),
        kind="help",
        operator="",
        reason="#4711",
        mark="",
        key="",
        generation=db.session.get_one(Account, member).generation,
        begun_at=now,
        ready_at=now,
        ends_at=now + rules.LINK_LASTS,
        device="",
        network="",
    )
    db.session.add(recovery)
    db.session.flush()
    return recovery.id
