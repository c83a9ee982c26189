"""Fields as everyone needs them: attributes that browsers, password managers and phones understand.

None has a ``maxlength``: it counts UTF-16 units as they are typed, the rules count characters after NFC, and
what is pasted would be cut without a word.
"""

from __future__ import annotations

from typing import Any, ClassVar

from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput, RadioInput

from mfa.i18n import Text, lazy_gettext as _
from mfa.web.inputs import quick

_PASSWORD, _RECOVERY_CODE = _("Password"), _("Recovery code")


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form that was posted; with no fields of its own, just a button."""

    shown_again: ClassVar[tuple[str, ...]] = ()
    """The fields whose values a page shows again after it was refused. Never a password, a code or a number:
    they travel in a cookie, and browsers store cookies."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # likewise
        csrf = False
        """The token of a post is checked before its route: see :func:`mfa.web.access.with_token`."""

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            # Its name alone may be the id of a field of the host, on whose page it stands.
            bound = super().bind_field(form, unbound_field, {"id": f"mfa-{options['name']}", **options})
            bound.widget = quick(bound.widget)
            return bound

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Markup:
            # Not "required", with which browsers call an empty field invalid before anything is typed.
            needed = field.flags.required and not isinstance(field.widget, (HiddenInput, RadioInput))
            render_kw = {**({"aria-required": "true"} if needed else {}), **render_kw}
            return Markup(super().render_field(field, {**render_kw, "required": False}))  # noqa: S704 (Markup already)


def current_password(label: Text = _PASSWORD, enterkeyhint: str = "go") -> PasswordField:
    return PasswordField(
        label,
        [InputRequired(_("Enter your password."))],
        render_kw={
            "autocomplete": "current-password",
            "enterkeyhint": enterkeyhint,
        },
    )


def six_digits(label: Text, missing: Text) -> StringField:
    return StringField(
        label,
        [InputRequired(missing)],
        render_kw={
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "enterkeyhint": "go",
            "class": "digits",
            "spellcheck": "false",
        },
    )


def recovery_code(label: Text = _RECOVERY_CODE) -> StringField:
    return StringField(
        label,
        [InputRequired(_("Enter one of your recovery codes."))],
        render_kw={
            "autocomplete": "off",
            "autocapitalize": "characters",
            "autocorrect": "off",
            "enterkeyhint": "go",
            "class": "recovery-code",
            "spellcheck": "false",
        },
    )


def authenticator_name() -> StringField:
    # The browser's own list would offer the names of people.
    return StringField(_("Name"), render_kw={"autocomplete": "off", "enterkeyhint": "done"})


def passkey() -> HiddenField:
    """A token and the answer of the browser, which the script fills in: see passkeys.js."""
    return HiddenField("", [InputRequired(_("This takes JavaScript, and a browser that has passkeys."))])


def hidden() -> HiddenField:
    # Without a label; WTForms would make one of the name, and read its catalog of translations to do so.
    return HiddenField("")
