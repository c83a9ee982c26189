"""Who may do something about whom: owners about everybody, administrators about everybody but owners.

Rights are checked when something is done, while all accounts that it concerns are held. So what two people do
to each other at once is done one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from flask_babel import lazy_gettext as _
from sqlalchemy import Row

from console.accounts.models import Account, Role
from console.extensions import db
from console.organization import statements
from mfa.database import insert_if_absent, run, transaction
from mfa.errors import Refusal
from mfa.people import rules as people
from mfa.people.models import PersonState


class Ranked(Protocol):
    """Somebody with an id and a role."""

    @property
    def id(self) -> int: ...

    @property
    def role(self) -> Role: ...


class NotAllowed(Refusal):
    """Nobody with this role may do that."""

    says = _("Only an owner may do that.")
    status = 403


class Oneself(Refusal):
    """Somebody wants to do it to themselves."""

    says = _("You can’t do that to your own account.")
    status = 403


class NoMember(Refusal):
    """The member was removed, or the account is gone."""

    says = _("This account is no longer a member of the organization.")
    status = 409


@contextmanager
def held(actor: Account, member: Account, *others: int) -> Iterator[Mapping[int, Row[Any]]]:
    """Hold the accounts, and give them as they are now, by their ids; all inside is one transaction.

    :param others: the ids of more accounts to hold; one that is gone is not among the rows.
    :raises NotAllowed, Oneself, NoMember: *actor* may do nothing about *member* now.
    """
    with transaction():
        # Every change of a person holds their row before the account's. A row that is missing is made here:
        # two who made it later could wait for each other.
        insert_if_absent(PersonState, person_id=member.person_id, generation=0, device_epoch=0)
        people.wait_for(member.person_id)
        ids = sorted({actor.id, member.id, *others})
        found = {row.id: row for row in run(statements.HOLD, {"account_ids": ids})}
        acting, concerned = found.get(actor.id), found.get(member.id)
        if acting is None or not may_act(acting):
            raise NotAllowed
        if concerned is None or concerned.removed_at:
            raise NoMember
        check(acting, concerned)
        # Somebody else may have done the same since it was read, and then there is nothing left to do.
        db.session.refresh(member)
        yield found


def may_act(account: Account | Row[Any]) -> bool:
    """Return True if somebody manages, and is neither locked out nor about to leave.

    Somebody who leaves was not the last owner; they must not make themselves the last one now.
    """
    return not account.locked_at and not account.delete_at and account.role.manages


def check(actor: Ranked, member: Ranked) -> None:
    """Refuse what somebody would do to themselves, or to an owner without being one.

    :raises NotAllowed, Oneself: it is that.
    """
    if actor.id == member.id:
        raise Oneself
    if member.role is Role.OWNER and actor.role is not Role.OWNER:
        raise NotAllowed


def may(actor: Ranked, member: Ranked) -> bool:
    """Return True if *actor*, who manages, may do something about *member*."""
    try:
        check(actor, member)
    except (NotAllowed, Oneself):
        return False
    return True
