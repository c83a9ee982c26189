"""The statements of the sessions, each made once, with parameters that are named for columns.

Others are ``session_id``, and the moments ``now`` and ``idle_since``: not seen since then, a session is over.
"""

from __future__ import annotations

from sqlalchemy import (
    Integer,
    String,
    bindparam,
    cast,
    delete,
    exists,
    insert,
    lambda_stmt,
    select,
    update,
)

from console.accounts.models import Account
from console.organization.help.statements import is_waiting
from console.policy import statements as policy
from console.policy.models import OrganizationSettings
from console.sessions.models import AccountSession
from mfa.columns import given
from mfa.database import first
from mfa.factors.models import SecondStep
from mfa.people.statements import recovering_until

_SESSION_ID, _ACCOUNT_ID = (
    given("session_id", AccountSession.id),
    given("account_id", AccountSession.account_id),
)
_IN_TIME = (
    AccountSession.expires_at > given("now", AccountSession.expires_at),
    AccountSession.seen_at > given("idle_since", AccountSession.seen_at),
)


_ALIVE = (
    AccountSession.token_hash == given("token_hash", AccountSession.token_hash),
    Account.locked_at.is_(None),
    Account.delete_at.is_(None),
    *_IN_TIME,
)


# Read

_OWN_SECOND_STEP = SecondStep.person_id == cast(AccountSession.account_id, String)

LIVE_SESSION = lambda_stmt(
    lambda: (
        select(
            *AccountSession.__table__.c,
            *Account.__table__.c,
            exists().where(_OWN_SECOND_STEP).label("protected"),
            recovering_until(AccountSession.account_id).label("recovering_until"),
            is_waiting(AccountSession.account_id).label("may_be_helped"),
            *policy.COLUMNS,
        )
        .join(Account, Account.id == AccountSession.account_id)
        .join(OrganizationSettings, policy.IS_THE_ONE)
        .where(*_ALIVE)
    ),
    enable_tracking=False,
)
"""The session of a token, its account, whether 2-step verification is on, until when a recovery is open,
whether a request to help waits, and what is asked of everybody.

A row has the attributes of the session, and those of the account whose names the session does not have.

Each page asks it. By its lambda SQLAlchemy finds it compiled; else by all its 1,600 parts, 1.3 % of a page.
"""

LIVE_SESSIONS_OF_ACCOUNT = (
    select(AccountSession)
    .where(AccountSession.account_id == _ACCOUNT_ID, *_IN_TIME)
    .order_by(AccountSession.seen_at.desc(), AccountSession.id.desc())
)
"""The last seen first."""

LOCK_ACCOUNT = select(Account.id).where(Account.id == _ACCOUNT_ID).with_for_update()


# Begin and change

_BEGINNING = {
    "account_id": Account.id,
    **{
        name: given(name, AccountSession.__table__.c[name])
        for name in (
            "token_hash",
            "created_at",
            "proved_at",
            "seen_at",
            "expires_at",
            "user_agent",
            "address",
        )
    },
}

BEGIN_SESSION = (
    insert(AccountSession)
    .from_select(
        list(_BEGINNING),
        select(*_BEGINNING.values())
        .where(
            Account.id == _ACCOUNT_ID,
            Account.generation == bindparam("generation"),
            Account.delete_at.is_(None),
        )
        .with_for_update(key_share=True),
    )
    .returning(AccountSession.id)
)
"""A session; none begins at another generation of the account, or while it is to be deleted."""


NOTE_SIGN_IN = (
    update(Account)
    .where(Account.id == given("whose", Account.id))
    .values(
        last_signed_in_at=given("now", Account.last_signed_in_at),
        search_key=bindparam("key"),
        two_step_on=exists().where(SecondStep.person_id == bindparam("person")),
    )
)
"""When somebody signed in, for the list of members; and what a server of an earlier version has left out."""


CHANGE_SESSION = update(AccountSession).where(AccountSession.id == _SESSION_ID)
"""Sets the columns whose values are given."""

RENEW_SESSION = CHANGE_SESSION.where(
    AccountSession.token_hash == given("old_token_hash", AccountSession.token_hash)
)
"""Likewise, if the session has that token still."""


# End

END_SESSIONS_OF_ACCOUNT = delete(AccountSession).where(
    AccountSession.account_id == given("whose", AccountSession.account_id),
    AccountSession.id != given("but", AccountSession.id),
)
"""All but one; ids begin at 1, so it is none of them that is 0."""

END_SESSION = delete(AccountSession).where(AccountSession.id == _SESSION_ID)

_THIS_OF_ACCOUNT = (AccountSession.id == _SESSION_ID, AccountSession.account_id == _ACCOUNT_ID)

SESSION_OF_ACCOUNT = select(AccountSession.id).where(*_THIS_OF_ACCOUNT)

END_SESSION_OF_ACCOUNT = delete(AccountSession).where(*_THIS_OF_ACCOUNT).returning(AccountSession.user_agent)

END_OLDEST_SESSIONS = delete(AccountSession).where(
    AccountSession.id.in_(
        select(AccountSession.id)
        .where(AccountSession.account_id == _ACCOUNT_ID)
        .order_by(AccountSession.seen_at.desc(), AccountSession.id.desc())
        .offset(bindparam("kept", type_=Integer))
    )
)
"""All of an account but those that were seen last, as many as ``kept``."""

DELETE_EXPIRED = delete(AccountSession).where(
    first(AccountSession.expires_at, AccountSession.expires_at < given("now", AccountSession.expires_at))
)

DELETE_IDLE = delete(AccountSession).where(
    first(AccountSession.seen_at, AccountSession.seen_at < given("idle_since", AccountSession.seen_at))
)
