"""The statements of sign-in's second step and of remembered browsers, each made once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Integer,
    LargeBinary,
    String,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from mfa.attempts import rules as attempts
from mfa.columns import ID, Instant, given
from mfa.database import first
from mfa.factors.models import PASSKEY, Authenticator, SecondStep
from mfa.factors.statements import COLUMNS, LAST_USED_FIRST
from mfa.people.models import PersonState
from mfa.people.statements import recovering_until
from mfa.sign_in.models import Challenge, RememberedBrowser

ENDED = datetime(1970, 1, 1, tzinfo=UTC)
"""The end of a challenge that was broken off: nobody can answer it, and its owner is still told."""


_CHALLENGE = Challenge.__table__.c
_THIS = Challenge.id == given("challenge_id", Challenge.id)
_OPEN = (_THIS, Challenge.expires_at > ENDED)
_WHOSE = given("whose", Challenge.person_id)
_OF_PERSON = Challenge.person_id == _WHOSE

_COUNTS_OF = PersonState.person_id == _WHOSE

STANDING = select(
    exists().where(SecondStep.person_id == _WHOSE),
    exists().where(Authenticator.person_id == _WHOSE, Authenticator.kind == PASSKEY),
    func.coalesce(select(PersonState.generation).where(_COUNTS_OF).scalar_subquery(), 0),
    func.coalesce(select(PersonState.device_epoch).where(_COUNTS_OF).scalar_subquery(), 0),
    attempts.failures_of(_WHOSE),
    select(PersonState.must_enroll_at).where(_COUNTS_OF).scalar_subquery(),
    recovering_until(_WHOSE),
)
"""Whether 2-step verification is on, whether with passkeys, what was counted, the wrong codes, since when the
person must enroll at once, and until when a recovery is open."""

BEGIN = insert(Challenge).returning(Challenge.id)

LIVE = (
    select(
        *COLUMNS,
        Challenge.id.label("challenge_id"),
        *(
            _CHALLENGE[name]
            for name in (
                "mark",
                "key",
                "expires_at",
                "confirmed_at",
                "failures",
                "next",
                "remember",
                "tell_at",
            )
        ),
        attempts.failures_of(Challenge.person_id).label("wrong_codes"),
        func.coalesce(PersonState.generation, 0).label("generation"),
        func.coalesce(PersonState.device_epoch, 0).label("device_epoch"),
        recovering_until(Challenge.person_id).label("recovering_until"),
    )
    .join(SecondStep, SecondStep.person_id == Challenge.person_id)
    .join(Authenticator, Authenticator.person_id == Challenge.person_id)
    .outerjoin(PersonState, PersonState.person_id == Challenge.person_id)
    .where(
        Challenge.token_hash == given("token_hash", Challenge.token_hash),
        Challenge.expires_at > given("now", Challenge.expires_at),
    )
    .order_by(*LAST_USED_FIRST)
)
"""The challenge of a token with each authenticator of the person, their wrong codes, and what was counted."""

EXISTS = select(Challenge.id).where(*_OPEN)

CONFIRM = (
    update(Challenge)
    .where(*_OPEN, Challenge.confirmed_at.is_(None))
    .values(confirmed_at=given("now", Challenge.confirmed_at))
)
"""It finds no row if that was done before."""

END = delete(Challenge).where(*_OPEN)

REPLACE = delete(Challenge).where(_THIS).returning(Challenge.tell_at)

BREAK_OFF = update(Challenge).where(_THIS).values(expires_at=ENDED)

BREAK_OFF_ALL = update(Challenge).where(_OF_PERSON).values(expires_at=ENDED)

UNTOLD = (
    select(*(_CHALLENGE[name] for name in ("id", "person_id", "tell_at", "device", "network")))
    .where(
        Challenge.tell_at > given("after", Challenge.tell_at),
        Challenge.tell_at <= given("until", Challenge.tell_at),
    )
    .order_by(Challenge.tell_at)
    .limit(bindparam("at_most", type_=Integer))
)
"""Challenges that nobody has answered, and whose owners are to be told."""

TELL = update(Challenge).where(_THIS, Challenge.tell_at.is_not(None)).values(tell_at=None)
"""It finds no row if the owner was told before, or if the challenge was answered."""

DELETE_EXPIRED = delete(Challenge).where(
    first(
        Challenge.expires_at,
        Challenge.expires_at < given("now", Challenge.expires_at),
        Challenge.tell_at.is_(None),
    )
)

_WHOSE_BROWSER = RememberedBrowser.person_id == bindparam("whose", type_=String)
_THIS_BROWSER = RememberedBrowser.id == bindparam("browser_id", type_=ID)
_NOT_OVER = RememberedBrowser.expires_at > bindparam("now", type_=Instant)

REMEMBER = insert(RememberedBrowser)

_BROWSER = RememberedBrowser.__table__.c

REMEMBERED = select(*_BROWSER).where(
    RememberedBrowser.token_hash == bindparam("hashed", type_=LargeBinary), _WHOSE_BROWSER, _NOT_OVER
)

REMEMBERED_OF_PERSON = (
    select(*_BROWSER)
    .where(_WHOSE_BROWSER, _NOT_OVER)
    .order_by(RememberedBrowser.last_used_at.desc(), RememberedBrowser.id.desc())
)

USE_REMEMBERED = (
    update(RememberedBrowser).where(_THIS_BROWSER).values(last_used_at=bindparam("now", type_=Instant))
)
"""It finds no row if the browser was forgotten."""

FORGET_BROWSER = delete(RememberedBrowser).where(_THIS_BROWSER, _WHOSE_BROWSER)

FORGET_TOKEN = delete(RememberedBrowser).where(
    RememberedBrowser.token_hash == bindparam("hashed", type_=LargeBinary), _WHOSE_BROWSER
)

FORGET_BROWSERS = delete(RememberedBrowser).where(_WHOSE_BROWSER)

FORGET_OLDEST_BROWSERS = delete(RememberedBrowser).where(
    RememberedBrowser.id.in_(
        select(RememberedBrowser.id)
        .where(_WHOSE_BROWSER)
        .order_by(RememberedBrowser.last_used_at.desc(), RememberedBrowser.id.desc())
        .offset(bindparam("kept", type_=Integer))
    )
)
"""All of a person but those that were used last."""

DELETE_EXPIRED_BROWSERS = delete(RememberedBrowser).where(
    first(RememberedBrowser.expires_at, RememberedBrowser.expires_at < bindparam("now", type_=Instant))
)
