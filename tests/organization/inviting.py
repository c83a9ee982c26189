"""Invitations in tests over HTTP."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from console.accounts.models import Account, Invitation, Role
from console.extensions import db
from tests.organization.people import Make
from tests.support.crowd import at_once, copies
from tests.support.person import PASSWORD, Person, Response
from tests.support.smtp import Inbox

URL = "/organization/invitations"
NEW = f"{URL}/new"
SUBJECT = "You are invited to Twostep"
INVITED = "noor@example.com"
NEWCOMER = {"name": "Noor Haddad", "password": PASSWORD}


def invite(person: Person, email: str = INVITED, role: Role | str = Role.MEMBER) -> Response:
    """Open the form and send it."""
    person.get(NEW)
    return person.post(NEW, {"email": email, "role": str(role)})


def press(person: Person, action: str, number: int = 1) -> Response:
    """Press a button of an invitation in the list: ``again`` or ``withdraw``."""
    person.get(URL, headers={"HX-Request": ""})
    return person.post(f"{URL}/{number}/{action}", {"csrf_token": person.hidden()["csrf_token"]})


def link(inbox: Inbox, email: str = INVITED) -> str:
    """Return the path of the link that was mailed."""
    return inbox.wait_for(SUBJECT, to=email).path


def accept(person: Person, path: str, password: str = PASSWORD) -> Response:
    """Open the link and create the account; where the link has ended, post the form of a page from before."""
    person.get("/forgot-password")
    token = person.hidden()["csrf_token"]
    person.get(path)
    return person.post(path, {"name": "Noor Haddad", "password": password, "csrf_token": token})


def path_of(person: Person) -> str:
    """Return where the form that is open posts to."""
    return person.page.partition('action="')[2].partition('"')[0]


def use_at_once(person: Person, make_person: Make, times: int) -> list[int]:
    """Send the form that *person* has open many times at once; return the status of each answer."""
    path, people = path_of(person), copies(person, make_person, times)
    for one in people:
        one.page = person.page
    return at_once(lambda number: people[number].post(path, NEWCOMER).status_code, times)


def stored(app: Flask) -> list[Invitation]:
    with app.app_context():
        found = list(db.session.scalars(select(Invitation).order_by(Invitation.id)))
        db.session.remove()
    return found


def account(app: Flask, email: str = INVITED) -> Account | None:
    with app.app_context():
        found: Account | None = db.session.scalar(select(Account).where(Account.email == email))
        db.session.remove()
    return found
