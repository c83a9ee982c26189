"""The list of members as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from console import spreadsheets
from console.organization import audit
from console.organization.members import listing
from console.organization.members.listing import Member, Wanted
from mfa.database import transaction
from mfa.factors.models import APP, PASSKEY

COLUMNS = (
    "name",
    "email",
    "role",
    "two_step",
    "lacks",
    "required_by",
    "must_set_up_again_since",
    "last_signed_in_at",
    "created_at",
    "locked_at",
)


def note(wanted: Wanted, *, by: int, now: datetime) -> None:
    """Write down that somebody exports the list, without what they searched for: it may be a name."""
    detail = {"state": wanted.state.value, "role": wanted.role.value if wanted.role else ""}
    with transaction():
        audit.write_down(
            audit.Event.MEMBERS_EXPORTED,
            actor=by,
            subject=None,
            detail={name: value for name, value in detail.items() if value},
            now=now,
        )


def lines(wanted: Wanted, now: datetime) -> Iterator[str]:
    """Return the file in pieces of some rows: CSV in UTF-8, with a header row and moments in ISO 8601.

    ``required_by`` says by when a member must have the ``2sv`` or ``passkey`` that they lack; it is empty
    until their grace period has begun. For a member who must set 2-step verification up again it says since
    when, as a column of its own does. A cell that a spreadsheet would compute has an apostrophe before it.
    """
    yield spreadsheets.lines([COLUMNS])
    for members in listing.every(wanted, now):
        yield spreadsheets.lines(map(_cells, members))


def _cells(member: Member) -> tuple[str, ...]:
    account, due = member.account, member.due
    return (
        account.name,
        account.email,
        account.role.value,
        " ".join(_kinds(member)) or "off",
        ("passkey" if due.is_on else "2sv") if due else "",
        _written(due.at if due and due.is_told else None),
        _written(due.at if due and due.again else None),
        _written(account.last_signed_in_at),
        _written(account.created_at),
        _written(account.locked_at),
    )


def _kinds(member: Member) -> list[str]:
    return [kind for kind, has in ((APP, member.has_app), (PASSKEY, member.has_passkey)) if has]


def _written(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
