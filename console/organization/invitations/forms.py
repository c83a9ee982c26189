"""The form that invites somebody, and the one that finds invitations, whose fields stand in the address."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from wtforms import SelectField
from wtforms.validators import AnyOf

from console.accounts import search
from console.accounts.models import Account, Role
from console.accounts.roles import NAMES
from console.organization.invitations.listing import Show, Wanted
from console.organization.members import acts
from console.web import fields
from mfa.web.forms import Form


class InviteForm(Form):
    shown_again = ("email", "role")

    email = fields.email(enterkeyhint="next", autocomplete="off")
    role = SelectField(_("Role"), [AnyOf(list(Role), _("Choose one of these roles."))], validate_choice=False)


def invite(actor: Account) -> InviteForm:
    """Return the form with the roles that *actor* may give, the one with the fewest rights first."""
    form = InviteForm()
    form.role.choices = [(role.value, NAMES[role]) for role in reversed(acts.roles(actor))]
    return form


def wanted(given: Mapping[str, str]) -> Wanted:
    """Return what an address asks for; what is none of the choices counts as not given."""
    show = given.get("show", "")
    return Wanted(
        search.typed(given.get("search", "")),
        Show(show) if show in set(Show) else Show.OPEN,
    )


def asked(wanted: Wanted) -> dict[str, str]:
    """Return the part of an address that :func:`wanted` reads."""
    given = {"search": wanted.text, "show": wanted.show.value}
    return {name: value for name, value in given.items() if value}
