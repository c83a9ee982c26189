"""The form that finds members, whose fields stand in the address, and those of what is done about one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, TypeVar

from flask_babel import lazy_gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import AnyOf, InputRequired

from console.accounts import search
from console.accounts.models import Account, Role
from console.accounts.roles import NAMES
from console.organization.members import acts
from console.organization.members.acts import Action
from console.organization.members.listing import Sort, State, Wanted
from mfa.web.forms import Form

E = TypeVar("E", bound=StrEnum)


class ReasonForm(Form):
    shown_again: ClassVar[tuple[str, ...]] = ("reason",)

    reason = StringField(
        _("Reason"),
        [InputRequired(_("Give a reason of 1 to 200 characters."))],
        render_kw={"autocomplete": "off", "enterkeyhint": "done"},
    )


class RoleForm(ReasonForm):
    shown_again = ("role", "reason")

    role = SelectField(_("Role"), [AnyOf(list(Role), _("Choose one of these roles."))], validate_choice=False)


def of(action: Action, actor: Account, member: Account) -> Form:
    """Return the form of an action."""
    if action is Action.REMIND:
        return Form()
    if action is not Action.CHANGE_ROLE:
        return ReasonForm()
    form = RoleForm(role=member.role.value)
    form.role.choices = [(role.value, NAMES[role]) for role in acts.roles(actor)]
    return form


def wanted(given: Mapping[str, str]) -> Wanted:
    """Return what an address asks for; what is none of the choices counts as not given."""
    return Wanted(
        search.typed(given.get("search", "")),
        _one_of(State, given.get("state")) or State.ALL,
        _one_of(Role, given.get("role")),
        _one_of(Sort, given.get("sort")) or Sort.NAME,
    )


def asked(wanted: Wanted) -> dict[str, str]:
    """Return the part of an address that :func:`wanted` reads."""
    given = {"search": wanted.text, "state": wanted.state, "role": wanted.role, "sort": wanted.sort}
    return {name: str(value) for name, value in given.items() if value and value != Sort.NAME}


def _one_of(kinds: type[E], given: str | None) -> E | None:
    return kinds(given) if given in set(kinds) else None
