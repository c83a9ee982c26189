"""All that the extension has about a person, deleted when the host deletes their account."""

from __future__ import annotations

from sqlalchemy import Integer, String, bindparam, delete, func, or_, update

from mfa.activity.models import ActivityEvent
from mfa.attempts import rules as attempts
from mfa.attempts.models import Throttle
from mfa.database import run
from mfa.factors.models import Authenticator, RecoveryCode, SecondStep
from mfa.people import rules as people
from mfa.people.models import PersonState, Recovery
from mfa.requirement import held
from mfa.sign_in import rules as sign_in
from mfa.sign_in.models import Challenge

_OF_PERSON = tuple(
    delete(model).where(model.person_id == bindparam("whose"))
    for model in (RecoveryCode, Authenticator, SecondStep, Challenge, Recovery, ActivityEvent)
)
_REQUIRED = (
    update(PersonState)
    .where(PersonState.person_id == bindparam("whose"))
    .values(required_at=None, must_enroll_at=None)
)
_THROTTLES = delete(Throttle).where(
    or_(
        Throttle.subject == bindparam("subject"),
        # Not LIKE: a text id may hold its wildcards.
        func.substr(Throttle.subject, 1, bindparam("length", type_=Integer))
        == bindparam("devices", type_=String),
    )
)


def forget(person_id: str) -> None:
    """Delete all of it, as part of the caller's transaction. A mail that waits still leaves.

    What stays is the id with two counts: so nothing that was begun before can be completed after it.
    """
    # Hold their row first, as every other change does: else each could hold what the other waits for.
    people.change(person_id, forget_devices=True)
    for statement in (*_OF_PERSON, _REQUIRED):
        run(statement, {"whose": person_id})
    subject = attempts.account_subject(person_id)
    run(_THROTTLES, {"subject": subject, "devices": f"{subject}:", "length": len(subject) + 1})
    sign_in.end_all(person_id)
    held.forget_all(person_id)
