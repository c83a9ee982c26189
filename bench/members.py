"""Organization Management with many members: ``python -m bench.members 100000`` in Twostep's environment.

It makes so many members, opens the tab Members in each order, with each filter, and with searches that find
much, little and nothing: at its beginning, in its middle and at its end. It prints what a page takes, with
2-step verification required of everybody, of whom every other has been told.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from sqlalchemy import Integer, String, case, cast, func, literal, select, text, update

from bench.fill import insert_many
from bench.people import LOOKS
from bench.served import twostep
from console.accounts.models import Account, Role
from console.extensions import db
from console.organization.members import listing
from console.organization.members.listing import Sort, Wanted
from console.policy.models import OrganizationSettings
from console.sessions import rules as sessions
from mfa import clock
from mfa.database import run, transaction
from mfa.here import Here
from mfa.people.models import PersonState

_SITE = f"{twostep.flask.config['PREFERRED_URL_SCHEME']}://{twostep.flask.config['SERVER_NAME']}"
SEARCHES = {"all": "", "much": "person 1", "little": "person 777", "nothing": "nobody at all"}
"""What is searched for, by how much it finds."""
SHARES = {"two_step_on": 3, "locked_at": 1000, "role": 2000}
"""One of so many members is without, is locked, or is an administrator."""
_APART = 7919
"""A prime: people who joined one after another signed in last at other times."""


def fill(amount: int) -> None:
    """Make so many members."""
    now = clock.now()

    def of(i: Any) -> dict[str, Any]:
        email = literal("person") + _text(i) + literal("@bench.example.com")
        return {
            "email": email,
            "email_key": email,
            "name": literal("Person ") + _text(i),
            "search_key": literal("person ") + _text(i) + literal("\n") + email,
            "password_hash": literal("none"),
            "generation": literal(0),
            "created_at": minutes_before(now, amount - i),
            "last_signed_in_at": minutes_before(now, (i * _APART) % amount),
            "two_step_on": i % SHARES["two_step_on"] != 0,
            "locked_at": case((i % SHARES["locked_at"] == 0, literal(now, Account.locked_at.type))),
            "role": case((i % SHARES["role"] == 0, "administrator"), else_="member"),
        }

    insert_many(Account, amount, of)
    insert_many(
        PersonState,
        amount // 2,
        lambda i: {
            "person_id": _text(2 * i),
            "generation": literal(0),
            "device_epoch": literal(0),
            "required_at": literal(now, PersonState.required_at.type),
        },
    )
    with transaction():
        owner = db.session.scalars(select(Account).order_by(Account.id).limit(1)).one()
        owner.role, owner.locked_at = Role.OWNER, None
        since = now - timedelta(days=1)
        run(
            update(OrganizationSettings).values(
                administrators_since=since, members_since=since, passkeys_since=since
            )
        )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As the database does by itself in time.
        connection.execute(text("ANALYZE" if db.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))


def measure() -> dict[str, Any]:
    """Return the seconds of a page: by filter, search, order and place."""
    client = signed_in()
    found: dict[str, Any] = {}
    for sort in Sort:
        for state in listing.State:
            for search, sought in SEARCHES.items():
                wanted = Wanted(sought, state, None, sort)
                asked = {"search": sought, "state": state.value, "sort": sort.value}
                places = _places(wanted)
                took = {
                    where: look(client, "/organization/members", {**asked, "after": after})
                    for where, after in places.items()
                }
                found.setdefault(state.value or "all", {}).setdefault(search, {})[sort.value] = took
    return found


def _places(wanted: Wanted) -> dict[str, int]:
    """Return after whom a page is opened: nobody, the one in the middle, and nearly the last."""
    with twostep.flask.test_request_context():
        ids = [member.account.id for page in listing.every(wanted, clock.now()) for member in page]
        db.session.remove()
    depths = {"first": -1, "middle": len(ids) // 2, "last": len(ids) - listing.PAGE - 1}
    return {where: ids[at] if at >= 0 and ids else 0 for where, at in depths.items()}


def signed_in() -> FlaskClient:
    """Return the browser of the owner."""
    with twostep.flask.test_request_context(), transaction():
        owner = db.session.scalars(select(Account).where(Account.role == Role.OWNER)).one()
        token = sessions.begin(owner, Here(clock.now()), sessions.SignIn(announce=False)).token
    client = twostep.flask.test_client()
    with client.session_transaction(base_url=_SITE) as session:
        session["_user_id"] = token
        session.permanent = True
    return client


def look(client: FlaskClient, path: str, asked: dict[str, Any]) -> dict[str, float]:
    """Return the seconds that a tab takes: the median and the least of some looks, and of the processor."""
    took, worked = [], []
    for _ in range(LOOKS):
        began, before = time.perf_counter(), time.process_time()
        response = client.get(f"{path}?{urlencode(asked)}", base_url=_SITE, headers={"HX-Request": "true"})
        took.append(time.perf_counter() - began)
        worked.append(time.process_time() - before)
        assert response.status_code == 200, response.status
    return {"wall": median(took), "least": min(took), "processor": median(worked)}


def _text(number: Any) -> Any:
    return cast(number, String)


def minutes_before(now: datetime, minutes: Any) -> Any:
    """Return the moment so many minutes before, as the database reckons it."""
    if db.engine.dialect.name == "sqlite":
        return func.strftime(
            "%Y-%m-%d %H:%M:%f000", now.isoformat(), literal("-") + _text(minutes) + " minutes"
        )
    return literal(now, Account.created_at.type) - func.make_interval(0, 0, 0, 0, 0, cast(minutes, Integer))


if __name__ == "__main__":
    import flask_migrate

    # Which revisions were made is no part of the answer.
    with twostep.flask.app_context(), redirect_stdout(sys.stderr):
        flask_migrate.upgrade()
        fill(int(sys.argv[1]))
    print(json.dumps(measure()))
