"""People with a role in the organization."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy import select, update

from console.accounts.models import Account, Role
from console.extensions import db
from mfa.database import transaction
from tests.support.person import Person

Make = Callable[..., Person]


def roles(app: Flask) -> dict[str, Role]:
    """The role of each account, by its address."""
    with app.app_context():
        found = db.session.execute(select(Account.email, Account.role)).all()
        db.session.remove()
    return dict(found)


def give(app: Flask, email: str, role: Role) -> None:
    """Give an account a role, as nothing on a page does."""
    with app.app_context():
        with transaction():
            db.session.execute(update(Account).where(Account.email == email).values(role=role))
        db.session.remove()


def lock(app: Flask, email: str, now: datetime) -> None:
    """Lock an account, as an operator does."""
    with app.app_context():
        with transaction():
            db.session.execute(update(Account).where(Account.email == email).values(locked_at=now))
        db.session.remove()


def sign_up(make_person: Make, email: str, role: Role = Role.MEMBER) -> Person:
    """Somebody with an account, a role and a browser of their own."""

    def come(person: Person) -> None:
        person.sign_up(email)
        give(person.app, email, role)

    return make_person(email=email).reach(f"sign up as {role}", come)
