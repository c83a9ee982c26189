"""The statements of the sessions, each made once, with parameters that are named for columns.

Others are ``session_id``, and the moments ``now`` and ``idle_since``: not seen since then, a session is over.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    String,
    bindparam,
    case,
    cast,
    delete,
    exists,
    insert,
    select,
    update,
)

from console.accounts.models import Account
from console.sessions.models import FULL, HALF, AccountSession
from mfa.attempts import rules as attempts
from mfa.factors.models import Authenticator


def _given(name: str, column: str = "") -> BindParameter[Any]:
    # With the column's type: a moment that is bound without it is taken for one of the database's own zone.
    return bindparam(name, type_=AccountSession.__table__.c[column or name].type)


_SESSION_ID, _ACCOUNT_ID = _given("session_id", "id"), _given("account_id")
_IN_TIME = (
    AccountSession.expires_at > _given("now", "expires_at"),
    AccountSession.seen_at > _given("idle_since", "seen_at"),
)


def _is_alive(stage: str) -> tuple[ColumnElement[bool], ...]:
    return (
        AccountSession.token_hash == _given("token_hash"),
        AccountSession.stage == stage,
        Account.locked_at.is_(None),
        *_IN_TIME,
    )


# Read

_OWN_AUTHENTICATOR = Authenticator.person_id == cast(AccountSession.account_id, String)

LIVE_SESSION = (
    select(AccountSession, Account, exists().where(_OWN_AUTHENTICATOR))
    .join(Account, Account.id == AccountSession.account_id)
    .where(*_is_alive(FULL))
)
"""The session of a token, its account, and whether 2-step verification is on."""

LIVE_HALF_SESSION = (
    select(AccountSession, Account, attempts.failures_of(AccountSession.account_id), Authenticator)
    .join(Account, Account.id == AccountSession.account_id)
    .outerjoin(Authenticator, _OWN_AUTHENTICATOR)
    .where(*_is_alive(HALF))
)
"""The half-session of a token, its account, its wrong codes, and where its code comes from."""

LIVE_SESSIONS_OF_ACCOUNT = (
    select(AccountSession)
    .where(AccountSession.account_id == _ACCOUNT_ID, AccountSession.stage == FULL, *_IN_TIME)
    .order_by(AccountSession.seen_at.desc(), AccountSession.id.desc())
)
"""The last seen first."""

_THIS_HALF = (AccountSession.id == _SESSION_ID, AccountSession.stage == HALF)

HALF_SESSION_EXISTS = select(AccountSession.id).where(*_THIS_HALF)

LOCK_ACCOUNT = select(Account.id).where(Account.id == _ACCOUNT_ID).with_for_update()


# Begin and change

_PROTECTED = exists().where(Authenticator.person_id == Account.person_id)
_BEGINNING = {
    "account_id": Account.id,
    # Whether it is half of one is decided where it is written.
    "stage": case((_PROTECTED, HALF), else_=FULL),
    "expires_at": case(
        (_PROTECTED, _given("half_expires_at", "expires_at")), else_=_given("full_expires_at", "expires_at")
    ),
    **{
        name: _given(name)
        for name in ("token_hash", "created_at", "proved_at", "seen_at", "user_agent", "address", "failures")
    },
}

BEGIN_SESSION = (
    insert(AccountSession)
    .from_select(
        list(_BEGINNING),
        select(*_BEGINNING.values())
        .where(Account.id == _ACCOUNT_ID, Account.generation == bindparam("generation"))
        .with_for_update(key_share=True),
    )
    # By whose it is and not by the column: a subquery in RETURNING belongs to no row, it would ask of all.
    .returning(AccountSession.id, AccountSession.stage, attempts.failures_of(_ACCOUNT_ID))
)
"""A session, or half of one where 2-step verification is on; its id and stage, and the account's wrong codes.

It lasts until ``full_expires_at`` or ``half_expires_at``. None begins at another generation of the account.
"""

COMPLETE_HALF_SESSION = update(AccountSession).where(*_THIS_HALF).values(stage=FULL, confirmed_at=None)
"""Further columns are set to the values that are given."""

CONFIRM_HALF_SESSION = update(AccountSession).where(*_THIS_HALF, AccountSession.confirmed_at.is_(None))
"""Sets ``confirmed_at`` to the value that is given."""


# End

END_SESSION = delete(AccountSession).where(AccountSession.id == _SESSION_ID)

END_HALF_SESSION = delete(AccountSession).where(*_THIS_HALF)

END_SESSION_OF_ACCOUNT = (
    delete(AccountSession)
    .where(AccountSession.id == _SESSION_ID, AccountSession.account_id == _ACCOUNT_ID)
    .returning(AccountSession.user_agent)
)

END_OLDEST_SESSIONS = delete(AccountSession).where(
    AccountSession.id.in_(
        select(AccountSession.id)
        .where(AccountSession.account_id == _ACCOUNT_ID, AccountSession.stage == FULL)
        .order_by(AccountSession.seen_at.desc(), AccountSession.id.desc())
        .offset(bindparam("kept", type_=Integer))
    )
)
"""All of an account but those that were seen last, as many as ``kept``."""

DELETE_EXPIRED = delete(AccountSession).where(
    AccountSession.id.in_(
        select(AccountSession.id)
        .where(AccountSession.expires_at < _given("now", "expires_at"))
        # What somebody else is ending is passed over: this holds no account, so it must wait for nobody.
        .with_for_update(skip_locked=True)
    )
)
