"""Accounts by the thousand: taken over in batches, and given away page by page.

A batch is one transaction, and an account that is there already is never touched: so what was broken off,
wherever, is gone on with by doing it again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlalchemy import func, insert, select

from console.accounts import search
from console.accounts.models import Account
from console.activity import events
from console.bulk import rows
from console.bulk.files import Record
from console.bulk.rows import BadCell, Entry
from console.bulk.seen import Seen
from console.extensions import db
from console.organization import audit
from console.toolbox import toolbox
from mfa.activity import rules as activity
from mfa.crypto import recovery_codes, totp
from mfa.database import insert_absent, transaction
from mfa.factors import sealing
from mfa.factors.models import APP, Authenticator, SecondStep
from mfa.settings import settings


@dataclass
class Batch:
    """What became of some rows.

    :param made: how many accounts were made; in a dry run, would have been.
    :param there: rows whose address has an account already.
    :param refused: rows that can't be taken, each with its reason.
    :param warnings: of rows that were taken, by line.
    """

    made: int = 0
    there: list[Record] = field(default_factory=list)
    refused: list[tuple[Record, str]] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)


def take_over(
    records: Iterable[Record], *, clock: Callable[[], datetime], size: int, dry_run: bool = False
) -> Iterator[Batch]:
    """Make an account of each row, *size* rows a transaction; what became of each batch, once it stands.

    Nobody is told by mail.

    :param dry_run: say what would become of them, and write nothing.
    """
    remaining = iter(records)
    with closing(Seen()) as seen:
        while chunk := list(islice(remaining, size)):
            yield _take(chunk, seen, clock(), dry_run=dry_run)


def _take(chunk: list[Record], seen: Seen, now: datetime, *, dry_run: bool) -> Batch:
    batch = Batch()
    entries: dict[str, tuple[Record, Entry]] = {}
    for record in chunk:
        try:
            entry = _read(record, seen, now)
        except BadCell as error:
            batch.refused.append((record, str(error)))
        else:
            entries[entry.address.key] = record, entry
    absent = entries.keys() - _there(entries)
    if not dry_run:
        absent = _make([entry for key, (_, entry) in entries.items() if key in absent], now)
    for key, (record, entry) in entries.items():
        if key not in absent:
            batch.there.append(record)
        elif entry.warning:
            batch.warnings.append((record.line, entry.warning))
    batch.made = len(absent)
    return batch


def _read(record: Record, seen: Seen, now: datetime) -> Entry:
    if record.broken:
        raise BadCell("row", record.broken)
    address = rows.read_address(record.cells)
    earlier = seen.note(address.key, record.line)
    if earlier:
        raise BadCell("email", f"stands on line {earlier} already")
    return rows.read(address, record.cells, now)


def _there(keys: Iterable[str]) -> set[str]:
    with transaction():
        return set(db.session.scalars(select(Account.email_key).where(Account.email_key.in_(keys))))


def _make(entries: list[Entry], now: datetime) -> set[str]:
    """Make accounts with all that belongs to them, in one transaction; the keys of those that were made.

    An address for which somebody opens an account at this moment is left to him.
    """
    if not entries:
        return set()
    values = [_account(entry) for entry in entries]
    with transaction():
        ids = dict(insert_absent(Account, values, Account.email_key, Account.id))
        protected = [
            (str(ids[entry.address.key]), entry)
            for entry in entries
            if entry.secret and entry.address.key in ids
        ]
        if protected:
            db.session.execute(insert(SecondStep), [_second_step(*one) for one in protected])
            db.session.execute(insert(Authenticator), [_app(*one, now) for one in protected])
            sealing.note_key(now)
        activity.record_all(ids.values(), events.ACCOUNT_IMPORTED, now)
        if ids:
            count = {"accounts": str(len(ids))}
            audit.write_down(audit.Event.ACCOUNTS_IMPORTED, actor=None, subject=None, detail=count, now=now)
    return set(ids)


def _account(entry: Entry) -> dict[str, object]:
    return {
        "email": entry.address.text,
        "email_key": entry.address.key,
        "name": entry.name,
        "search_key": search.key(entry.name, entry.address.key),
        "two_step_on": entry.secret is not None,
        "password_hash": entry.password_hash or toolbox().hasher.nobodys(),
        "language": entry.language,
        "created_at": entry.created_at,
        "locked_at": entry.locked_at,
        "delete_at": entry.delete_at,
    }


def _app(person_id: str, entry: Entry, now: datetime) -> dict[str, object]:
    """An app as it goes on being used."""
    assert entry.secret is not None
    return {
        "person_id": person_id,
        "kind": APP,
        "name": "",
        "added_at": entry.activated_at,
        "sealed_secret": sealing.seal_secret(person_id, entry.secret),
        # The code that the app shows now may have been used in the other system.
        "used_step": totp.time_step(now.timestamp()),
    }


def _second_step(person_id: str, entry: Entry) -> dict[str, object]:
    """What there is once of it, with an empty set of recovery codes."""
    _, sealed_pepper = sealing.make_pepper(person_id)
    return {
        "person_id": person_id,
        "activated_at": entry.activated_at,
        "recovery_salt": os.urandom(recovery_codes.SALT_BYTES),
        "recovery_cost": str(settings().recovery_cost),
        "recovery_pepper": sealed_pepper,
    }


# The way out


def count(after: int) -> int:
    """How many accounts have an id above *after*."""
    with transaction():
        return db.session.scalar(select(func.count()).where(Account.id > after)) or 0


def give_away(*, after: int, size: int, with_secrets: bool) -> Iterator[list[dict[str, str]]]:
    """The accounts with an id above *after*, in the order of their ids, as rows of a file, by the page.

    :param with_secrets: password hashes, and the secrets of authenticator apps as ``otpauth://`` addresses.
    """
    while page := _page(after, size):
        yield [_row(account, step, app, with_secrets=with_secrets) for account, step, app in page]
        after = page[-1][0].id


def _page(after: int, size: int) -> list[tuple[Account, SecondStep | None, Authenticator | None]]:
    """The next accounts, each with the first of its apps: a row has room for one."""
    first = (
        select(func.min(Authenticator.id))
        .where(Authenticator.person_id == SecondStep.person_id, Authenticator.kind == APP)
        .correlate(SecondStep)
        .scalar_subquery()
    )
    found = (
        select(Account, SecondStep, Authenticator)
        .outerjoin(SecondStep, SecondStep.person_id == Account.person_id)
        .outerjoin(Authenticator, Authenticator.id == first)
        .where(Account.id > after)
        .order_by(Account.id)
        .limit(size)
    )
    with transaction():
        page: list[tuple[Account, SecondStep | None, Authenticator | None]] = [
            (row[0], row[1], row[2]) for row in db.session.execute(found)
        ]
        db.session.expunge_all()
    return page


def _row(
    account: Account, second_step: SecondStep | None, app: Authenticator | None, *, with_secrets: bool
) -> dict[str, str]:
    row = {
        "id": str(account.id),
        "email": account.email,
        "name": account.name,
        "language": account.language or "",
        "created_at": _written(account.created_at),
        "locked_at": _written(account.locked_at),
        "delete_at": _written(account.delete_at),
        "activated_at": _written(second_step.activated_at if second_step else None),
    }
    if with_secrets:
        row["password_hash"] = account.password_hash
        row["totp"] = _uri(account, app) if app else ""
    return row


def _uri(account: Account, app: Authenticator) -> str:
    secret = sealing.open_secret(app)
    return totp.uri(secret, account=account.email, issuer=toolbox().product_name)


def _written(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
