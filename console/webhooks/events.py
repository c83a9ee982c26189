"""The events that the receiver gets, written in the transaction of the change.

They name accounts by id alone, so somebody who reads them at the receiver doesn't learn whose second step is
off. docs/operations/webhooks.md lists the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask

from console.activity import events as account_events
from console.organization import audit
from console.organization.audit import Event
from console.webhooks import outbox, receiver
from mfa.activity import rules as activity

TEST = "test"
_OF_ACCOUNTS = {
    activity.TWO_STEP_ON: "two_step.enabled",
    activity.TWO_STEP_OFF: "two_step.disabled",
    activity.TWO_STEP_RESET: "two_step.reset",
    account_events.SUPPORT_DISABLED: "two_step.reset",
}
_OF_ORGANIZATION = {
    Event.MEMBER_LOCKED: "account.locked",
    Event.MEMBER_REMOVED: "account.locked",
    Event.MEMBER_UNLOCKED: "account.unlocked",
    Event.ACCOUNT_DELETED: "account.deleted",
    Event.ROLE_CHANGED: "role.changed",
    Event.OWNER_MADE: "role.changed",
    Event.REQUIREMENT_ON: "requirement.enabled",
    Event.REQUIREMENT_OFF: "requirement.disabled",
}
TYPES = {*_OF_ACCOUNTS.values(), *_OF_ORGANIZATION.values(), TEST}


def tell(app: Flask) -> bool:
    """Have *app* tell the receiver that its settings name; return False if they name none."""
    if not receiver.use(app):
        return False
    activity.recorded.connect(_tell_of_account)
    audit.written_down.connect(_tell_of_organization)
    return True


def _tell_of_account(event: str, *, person_id: object | None, now: datetime, **_: Any) -> None:
    kind = _OF_ACCOUNTS.get(event)
    if kind and person_id is not None and receiver.receiver():
        outbox.post(kind, {"account": str(person_id)}, now)


def _tell_of_organization(
    event: Event, *, subject: int | None, detail: Mapping[str, str], now: datetime, **_: Any
) -> None:
    kind = _OF_ORGANIZATION.get(event)
    # The signal is that of all applications of this process, and another one may have the receiver.
    if not kind or not receiver.receiver():
        return
    data: dict[str, Any] = {} if subject is None else {"account": str(subject)}
    match kind:
        case "account.locked":
            data["removed"] = event is Event.MEMBER_REMOVED
        case "role.changed":
            data["role"] = detail["role"]
        case "requirement.enabled":
            data |= {"scope": detail["scope"], "grace_days": int(detail["grace_days"])}
        case "requirement.disabled":
            data["scope"] = detail["scope"]
    outbox.post(kind, data, now)
