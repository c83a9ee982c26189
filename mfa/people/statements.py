"""The statements about people, each made once.

``whose`` is the ``person_id``: an UPDATE takes a parameter with the name of a column for a value to set.
"""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    SQLColumnExpression,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    true,
    update,
)

from mfa.columns import Instant, given
from mfa.database import first, upsert
from mfa.people.models import IS_OPEN, PersonState, Recovery

_OF_PERSON = PersonState.person_id == bindparam("whose")

COUNTS = select(PersonState.generation, PersonState.device_epoch).where(_OF_PERSON)

EPOCH = select(PersonState.device_epoch).where(_OF_PERSON)

LOCK = select(PersonState.generation).where(_OF_PERSON).with_for_update()

REQUIRED_AT = select(PersonState.required_at, PersonState.must_enroll_at).where(_OF_PERSON)

MUST_ENROLL = update(PersonState).where(_OF_PERSON).values(must_enroll_at=bindparam("now", type_=Instant))

HAS_ENROLLED = (
    update(PersonState).where(_OF_PERSON, PersonState.must_enroll_at.is_not(None)).values(must_enroll_at=None)
)
"""It finds no row if they need not have."""

FORGET_REQUIRED = (
    update(PersonState)
    .where(_OF_PERSON, PersonState.required_at < given("since", PersonState.required_at))
    .values(required_at=None)
)
"""It finds no row if they were told after ``since``."""


def epoch_of(person_id: SQLColumnExpression[Any]) -> ColumnElement[int]:
    """For a statement of the host: the ``device_epoch`` of a person; 0 if nothing was counted."""
    own = select(PersonState.device_epoch).where(PersonState.person_id == cast(person_id, String))
    return func.coalesce(own.scalar_subquery(), 0)


def recovering_until(person_id: SQLColumnExpression[Any]) -> ColumnElement[datetime]:
    """For the statement of another room: until when a recovery of a person is open; NULL if none is.

    Changed since it was begun, it has ended.
    """
    own = (Recovery.person_id == cast(person_id, String), IS_OPEN)
    counted = select(PersonState.generation).where(PersonState.person_id == Recovery.person_id)
    is_unchanged = Recovery.generation == func.coalesce(counted.scalar_subquery(), 0)
    return select(Recovery.ends_at).where(*own, is_unchanged).scalar_subquery()


@functools.cache
def advance(dialect: str) -> Executable:
    """Count a change of the person with ``person_id``, if no other came since ``generation`` was read.

    Run with what the row becomes: ``generation`` one higher, ``device_epoch`` 1 to forget the devices, else
    0. It returns a row unless another change came first.
    """
    return upsert(
        dialect,
        PersonState,
        changes=lambda new: {
            "generation": new.generation,
            "device_epoch": PersonState.device_epoch + new.device_epoch,
        },
        where=lambda new: PersonState.generation == new.generation - 1,
        returning=[PersonState.person_id],
    )


@functools.cache
def require(dialect: str) -> Executable:
    """Note when a person was first told that they must have it on, unless that is noted."""
    return upsert(
        dialect,
        PersonState,
        changes=lambda new: {"required_at": func.coalesce(PersonState.required_at, new.required_at)},
        where=lambda _: true(),
        returning=[PersonState.required_at],
    )


@functools.cache
def change(dialect: str) -> Executable:
    """Count a change of a person whatever came before; run with what :func:`advance` takes."""
    return upsert(
        dialect,
        PersonState,
        changes=lambda new: {
            "generation": PersonState.generation + new.generation,
            "device_epoch": PersonState.device_epoch + new.device_epoch,
        },
        where=lambda _: true(),
        returning=[PersonState.person_id],
    )


# Recoveries


_THIS = Recovery.id == given("recovery_id", Recovery.id)
_IN_TIME = (
    Recovery.ready_at <= given("now", Recovery.ready_at),
    Recovery.ends_at > given("now", Recovery.ends_at),
)

BEGIN = insert(Recovery).returning(Recovery.id)

RECOVERY = select(*Recovery.__table__.c).where(_THIS)

STOP = (
    update(Recovery)
    .where(_THIS, IS_OPEN, Recovery.ends_at > given("now", Recovery.ends_at))
    .values(stopped_at=given("now", Recovery.stopped_at), tell_at=None)
)
"""It finds no row if it was stopped or finished, or is too old."""

STOP_OPEN = (
    update(Recovery)
    .where(Recovery.person_id == given("whose", Recovery.person_id), IS_OPEN)
    .values(stopped_at=given("now", Recovery.stopped_at), tell_at=None)
    .returning(Recovery.id, Recovery.kind, Recovery.ends_at, Recovery.generation)
)

OPEN = select(*Recovery.__table__.c).where(Recovery.person_id == given("whose", Recovery.person_id), IS_OPEN)

KEYS = (
    select(Recovery.key, func.count().label("open"))
    .where(IS_OPEN, Recovery.ends_at > given("now", Recovery.ends_at))
    .group_by(Recovery.key)
)

UNTOLD = (
    select(*Recovery.__table__.c)
    .where(Recovery.tell_at <= given("now", Recovery.tell_at), IS_OPEN)
    .order_by(Recovery.tell_at)
    .limit(bindparam("at_most", type_=Integer))
)
"""Recoveries of which somebody is to be told now."""

TELL = (
    update(Recovery)
    .where(_THIS, IS_OPEN, Recovery.tell_at == given("told_at", Recovery.tell_at))
    .values(
        tell_at=given("then", Recovery.tell_at),
        ready_at=given("ready", Recovery.ready_at),
        ends_at=given("ends", Recovery.ends_at),
    )
)
"""It finds no row if another server did it first, or if the recovery was stopped meanwhile."""

FINISH = (
    update(Recovery)
    .where(_THIS, IS_OPEN, *_IN_TIME, Recovery.tell_at.is_(None))
    .values(finished_at=given("now", Recovery.finished_at), tell_at=None)
)
"""It finds no row if it was stopped or finished, if it is not its time, or if the owner is yet to be told."""

RECOVERING_UNTIL = select(recovering_until(bindparam("whose", type_=String)))

DELETE_OLD = delete(Recovery).where(
    first(Recovery.ends_at, Recovery.ends_at < given("before", Recovery.ends_at))
)
"""Not at once: who opens the link of one shall hear that it was stopped."""
