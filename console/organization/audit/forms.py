"""The form that chooses which events the tab shows."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import AnyOf, InputRequired
from wtforms.widgets import DateInput

from console.organization.audit.words import WORDS
from mfa.web import forms


def _choices() -> list[tuple[str, Any]]:
    said = sorted(((event.value, str(words)) for event, words in WORDS.items()), key=lambda one: one[1])
    return [("", _("All events")), *said]


def _day(label: Any) -> StringField:
    return StringField(label, widget=DateInput(), render_kw={"autocomplete": "off"})


class FilterForm(forms.Form):
    shown_again = ("event", "person", "since", "until")

    event = SelectField(_("Event"), choices=_choices, validate_choice=False)
    person = StringField(
        _("Email of a member"),
        render_kw={
            "autocomplete": "off",
            "inputmode": "email",
            "enterkeyhint": "search",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
    since = _day(_("From"))
    until = _day(_("Until"))


class ExportForm(forms.Form):
    format = StringField("", [InputRequired(), AnyOf(("csv", "jsonl"))])


def read_day(text: str | None) -> date | None:
    """Return the day that ``2026-11-24`` names; None for nothing.

    :raises ValueError: it is no day.
    """
    return date.fromisoformat(text) if text else None
