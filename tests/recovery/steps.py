"""What tests of the way back do: help somebody, open what was mailed, and see how it stands."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from console.accounts.models import Account
from console.extensions import db, two_step
from mfa import tidying
from mfa.notices import outbox
from mfa.people.models import PersonState, Recovery
from tests.support.person import EMAIL, PASSWORD, Person, Response
from tests.support.product import TWO_STEP
from tests.support.smtp import Inbox

HELPED = "Set up 2-step verification again"


def account(app: Flask, email: str = EMAIL) -> Account:
    """The account of an address; inside an application context."""
    return db.session.scalars(select(Account).where(Account.email == email)).one()


def help_back(app: Flask, email: str = EMAIL, reason: str = "lost the phone") -> None:
    with app.app_context():
        two_step.help(account(app, email), by="kim", reason=reason)
        db.session.remove()


def links(inbox: Inbox, email: str = EMAIL) -> tuple[str, str]:
    """The paths of the newest mail to somebody who is helped: back, and to stop it."""
    text = inbox.wait_for(HELPED, to=email).text
    back, stop = re.findall(r"https?://[^/]+(/\S+)", text)[:2]
    return back, stop


def recoveries(app: Flask) -> list[Recovery]:
    with app.app_context():
        found = list(db.session.scalars(select(Recovery).order_by(Recovery.id)))
        db.session.remove()
    return found


def work(app: Flask) -> None:
    """Do what a worker does now and then."""
    with app.app_context():
        for _ in tidying.tidy():
            pass
        outbox.deliver_due()
        db.session.remove()


def must_enroll(app: Flask) -> bool:
    with app.app_context():
        found = db.session.scalars(select(PersonState.must_enroll_at)).one()
        db.session.remove()
    return found is not None


def finish(person: Person, back: str, password: str = PASSWORD) -> Response:
    """Open the link that leads back, and type the password; also where the page offers no form any more."""
    return press(person, back, {"password": password})


def press(person: Person, url: str, data: dict[str, str] | None = None) -> Response:
    """Open a page and post its form; also where the page offers none any more."""
    person.get("/sign-in")
    token = person.hidden()["csrf_token"]
    person.get(url)
    return person.post(url, {**(data or {}), "csrf_token": token})


def is_led_to_wizard(response: Response) -> bool:
    way = response.headers.get("HX-Redirect") or response.headers.get("Location")
    return way == f"{TWO_STEP}/enroll"
