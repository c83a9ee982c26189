"""What a host puts into its own pages: the link that opens the dialog, the dialog, and a reminder."""

from __future__ import annotations

from markupsafe import Markup

from mfa import accounts
from mfa.web import layouts, nonce as nonces, templates
from mfa.web.due import due
from mfa.web.host import host


def button(label: str | None, class_: str) -> Markup:
    """Return the link that opens the dialog."""
    return _made("mfa/_button.html", label=label, class_=class_)


def modal(title: str | None, nonce: str | None) -> Markup:
    """Return the dialog with its styles and scripts.

    Nothing on a page of our own in a layout of the host: that is what the dialog would show, and brings them.

    :param nonce: that of the host's policy, if it told of none otherwise.
    """
    if layouts.is_of_host():
        return Markup("")
    if nonce:
        nonces.take(nonce)
    return _made("mfa/_modal.html", host=host(), title=title)


def passkey_sign_in(ceremony: object, form: object, next_path: str | None, nonce: str | None) -> Markup:
    """Return the form that signs in by a passkey, with its styles and scripts.

    :param ceremony: what asks for a passkey.
    :param next_path: where its person wants to go.
    :param nonce: that of the host's policy, if it told of none otherwise.
    """
    if nonce:
        nonces.take(nonce)
    return _made(
        "mfa/sign_in/_passkey_host.html", ceremony=ceremony, form=form, next=next_path, autofill=True
    )


def reminder(class_: str) -> Markup:
    """Return the sentence that says by when the visitor must turn 2-step verification on, if they must."""
    person = None if layouts.is_of_host() else accounts.current()
    found = due(person) if person else None
    return _made("mfa/_reminder.html", due=found, class_=class_) if found else Markup("")


def _made(template: str, **context: object) -> Markup:
    return Markup(templates.render(template, **context))  # noqa: S704 (a template escaped it)
