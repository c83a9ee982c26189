"""How a mail is written: its subject and two templates, with what every mail knows of the application."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mfa import colors, i18n, times, words
from mfa.i18n import Text
from mfa.notices.addresses import in_ascii
from mfa.notices.office import Message, office


def write(
    template: str,
    recipient: str,
    subject: Text,
    *,
    has_password: bool = True,
    by_mail_alone: bool = False,
    **context: Any,
) -> Message:
    """Return the mail of ``TEMPLATE.txt`` and ``TEMPLATE.html``, in the language that is spoken.

    :param subject: may name the ``%(product)s``.
    :param has_password: False for a reader who has none: then the mail must not speak of it.
    :param by_mail_alone: see :class:`~mfa.notices.office.Message`.
    """
    sender = office()
    context |= {
        "language": i18n.language(),
        "product_name": sender.product,
        "support_address": sender.support_address,
        "support_url": f"mailto:{in_ascii(sender.support_address)}",
        "has_password": has_password,
        "reset_url": sender.reset_url() if has_password else "",
        "ends_sessions": sender.ends_sessions,
        "accent": sender.accent,
        "on_accent": colors.text_on(sender.accent),
        "accent_edge": colors.edge_of(sender.accent),
    }
    return Message(
        recipient=recipient,
        subject=str(subject) % {"product": sender.product},
        text=sender.render(f"{template}.txt", **context),
        html=sender.render(f"{template}.html", **context),
        by_mail_alone=by_mail_alone,
    )


def seen(at: str, device: str, network: str) -> dict[str, str]:
    """Return what the part ``_seen`` shows: when, by what device and from where somebody did something."""
    return {
        "at": times.moment(datetime.fromisoformat(at)),
        "device": words.device(device),
        "network": network,
    }
