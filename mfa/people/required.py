"""Who must have 2-step verification on, and from when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from flask import Flask

from mfa import at_work, database
from mfa.accounts import Person
from mfa.errors import Refusal
from mfa.i18n import lazy_gettext as _
from mfa.people import rules

_REQUIREMENT = "mfa_requirement"
_A_DAY = timedelta(days=1)


class MustStayOn(Refusal):
    """Somebody who must have it on wants to turn it off."""

    says = _("Your organization requires 2-step verification, so it can’t be turned off.")


@dataclass(frozen=True)
class Required:
    """What ``required`` may return for a person who must have 2-step verification on, to say more than True.

    :param grace: how long they may put it off; None for the ``grace`` of :class:`~mfa.TwoStep`.
    :param since: when it began to be required of them, aware and in UTC. Their grace begins when they are
        first told after it. None if it always was.
    :param passkey: an authenticator app alone is not enough: they must have a passkey.
    """

    grace: timedelta | None = None
    since: datetime | None = None
    passkey: bool = False


@dataclass(frozen=True)
class Requirement:
    """
    :param required: returns True or a :class:`Required` for a person who must have it on; None for nobody.
    :param grace: how long they may put it off, from the first time that they are told.
    """

    required: Callable[[Person], bool | Required] | None = None
    grace: timedelta = timedelta(0)

    def of(self, person: Person) -> Required | None:
        """Return what is required of the person, now or after a time of grace; None if nothing is."""
        if self.required is None:
            return None
        database.release()
        found = self.required(person)
        if isinstance(found, Required):
            return found
        return Required() if found else None

    def due(self, wanted: Required, told: datetime, now: datetime) -> Due:
        """Return by when somebody who was first *told* then must have what is *wanted*."""
        # Noted by a clock that was ahead, it would put the end off for longer than the grace.
        return Due(min(told, now) + (self.grace if wanted.grace is None else wanted.grace), now, wanted)


@dataclass(frozen=True)
class Due:
    """By when somebody must turn it on.

    :param at: the moment from which on they must have it on.
    :param now: when this was asked.
    :param wanted: what is required of them.
    :param is_on: True if it is on, and a passkey alone is missing.
    :param is_told: False if they were not told yet: *at* is then by when, if they were told now.
    :param again: True if a recovery took their second step away: they need a new one before anything else.
    """

    at: datetime
    now: datetime
    wanted: Required = Required()
    is_on: bool = False
    is_told: bool = True
    again: bool = False

    @property
    def is_over(self) -> bool:
        """True if they must have it on already."""
        return self.at <= self.now

    @property
    def is_near(self) -> bool:
        """True if less than a day is left: then a date alone says too little."""
        return self.at - self.now < _A_DAY


def use(app: Flask, requirement: Requirement) -> None:
    """Let *app* require what *requirement* says."""
    app.extensions[_REQUIREMENT] = requirement


def of(person: Person) -> Required | None:
    """Return what is required of the person, now or after a time of grace; None if nothing is."""
    return _requirement().of(person)


def due(person: Person, now: datetime) -> Due | None:
    """Return by when a person whose 2-step verification is off must turn it on; None if they need not.

    Who asks this tells them: the first time, it begins their grace.
    """
    wanted = of(person)
    noted, must_enroll_at = rules.noted_of(person.id)
    if must_enroll_at:
        return at_once(wanted, now)
    return due_of(person, wanted, noted, now) if wanted else None


def at_once(wanted: Required | None, now: datetime) -> Due:
    """Return what is due of somebody whose second step a recovery took away, whatever else is *wanted*."""
    return Due(now, now, wanted or Required(), again=True)


def due_of(person: Person, wanted: Required, noted: datetime | None, now: datetime) -> Due:
    """Return by when a person must have what they lack of what is *wanted*; likewise.

    :param noted: when they were first told, as the database has it.
    """
    return _requirement().due(wanted, rules.tell_required(person.id, noted, now, wanted.since), now)


def foreseen(wanted: Required, noted: datetime | None, now: datetime) -> Due:
    """Return by when somebody must have what they lack of what is *wanted*, and tell nobody: for lists.

    :param noted: when they were first told, as the database has it.
    """
    told = rules.still_told(noted, now, wanted.since)
    return replace(_requirement().due(wanted, told or now, now), is_told=told is not None)


def is_overdue(person: Person, now: datetime) -> bool:
    """Return True if a person whose 2-step verification is off must turn it on before anything else."""
    found = due(person, now)
    return found is not None and found.is_over


def _requirement() -> Requirement:
    return cast("Requirement", at_work.app().extensions[_REQUIREMENT])
