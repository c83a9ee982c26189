"""Many owners turn on each other at once."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from console.accounts.models import Role
from console.extensions import db
from console.organization.audit.models import AuditEvent
from tests.organization.chains import findings
from tests.organization.people import Make, roles, sign_up
from tests.support.crowd import AT_ONCE, at_once, copies

OWNERS = 4


def test_of_64_who_demote_each_other_in_a_ring_an_owner_remains(app: Flask, make_person: Make) -> None:
    """Each from many windows; nobody waits in a circle, and each demotion is written down once."""
    emails = [f"owner{number}@example.com" for number in range(OWNERS)]
    owners = [sign_up(make_person, email, Role.OWNER) for email in emails]
    paths = [f"/organization/members/{1 + (number + 1) % OWNERS}/role" for number in range(OWNERS)]
    windows = []
    for owner, path in zip(owners, paths, strict=True):
        owner.get(path)
        windows += [(window, path) for window in copies(owner, make_person, AT_ONCE // OWNERS)]

    def demote(number: int) -> int:
        # Neighbors in the ring first, not all windows of one.
        window, path = windows[number % OWNERS * (AT_ONCE // OWNERS) + number // OWNERS]
        return window.post(path, {"role": "member", "reason": "no owner any longer"}).status_code

    statuses = at_once(demote, AT_ONCE)
    left = list(roles(app).values()).count(Role.OWNER)
    with app.app_context():
        events = db.session.scalars(select(AuditEvent.event)).all()
        db.session.remove()
    assert set(statuses) <= {200, 403, 404, 409, 422}
    assert 1 <= left < OWNERS
    assert statuses.count(200) == OWNERS - left
    assert events == ["role_changed"] * (OWNERS - left)
    assert findings(app) == []
