"""The form of the tab Security settings in tests over HTTP."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from markupsafe import Markup

from console.extensions import db
from console.organization.security import rules
from tests.support.person import Person, Response
from tests.support.product import TWO_STEP

SECURITY = "/organization/security"
CONFIRM = f"{TWO_STEP}/confirm"


def settings(app: Flask) -> rules.Settings:
    """Return the settings as they are stored."""
    with app.app_context():
        found = rules.settings()
        db.session.remove()
    return found


def ask(person: Person) -> Person:
    """Have a person confirm that it is them, as a change of the settings asks."""
    person.get(CONFIRM)
    person.post(CONFIRM, {"factor": "code", "code": person.next_code()})
    return person


def save(person: Person, *, stale: bool = False, **fields: str | None) -> Response:
    """Post the form as it stands, but for some fields; None unticks a box.

    :param stale: as the page shows it that the person has open.
    """
    if not stale:
        person.get(SECURITY)
    values: dict[str, Any] = {"scope": "everybody", "grace_days": "7", "remembers_browsers": "y", **fields}
    return person.post(SECURITY, {name: value for name, value in values.items() if value is not None})


def require(person: Person, **fields: str | None) -> None:
    """Have a person require 2-step verification."""
    assert "The settings are saved." in said(save(ask(person), required="y", **fields))


def chosen(person: Person) -> dict[str, Any]:
    """Return what the form on the page says; None for a box that can't be ticked."""
    found: dict[str, Any] = {}
    for name in ("required", "passkeys", "remembers_browsers", "approves_resets"):
        (box,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', person.page)
        found[name] = None if " disabled" in box else " checked" in box
    (found["scope"],) = (
        value
        for radio in re.findall(r'<input[^>]*name="scope"[^>]*>', person.page)
        if " checked" in radio
        for value in re.findall('value="([^"]*)"', radio)
    )
    (found["grace_days"],) = re.findall(r'<option selected value="([^"]*)"', person.page)
    return found


def said(answer: Response) -> str:
    """Return what a page says."""
    return " ".join(Markup(answer.text).striptags().split())  # noqa: S704 (it is taken out of its marks)
