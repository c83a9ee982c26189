"""How a mail leaves: by SMTP, or as the application keeps it instead."""

from __future__ import annotations

import smtplib
from email.utils import make_msgid, parseaddr

from flask import current_app
from flask_babel import lazy_gettext as _
from flask_mail import BadHeaderError, Message as FlaskMessage

from mfa import hosts
from mfa.errors import Refusal
from mfa.notices import addresses
from mfa.notices.office import Message, office
from mfa.notices.smtp import Connection, Unanswered


class MailNotSent(Refusal):
    """The mail server is down, too slow, or does not take this mail: it will not arrive."""

    says = _("We could not send the mail. Try again.")


def send(message: Message, *, message_id: str | None = None) -> bool:
    """Send one mail now, within :data:`mfa.notices.smtp.WITHIN` seconds.

    Return True if the mail server took it, and False if it did not answer after it had all of it: then the
    mail has perhaps been delivered, and what it says must be usable.

    :param message_id: the same for each try of one mail, so that mailboxes can tell; a new one if None.
    :raises MailNotSent: it did not leave.
    """
    letter = FlaskMessage(
        subject=message.subject,
        sender=_sender(),
        recipients=[addresses.in_ascii(message.recipient)],
        body=message.text,
        html=message.html,
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    letter.msgId = message_id or make_msgid(domain=hosts.name_of(current_app.config["SERVER_NAME"]))
    try:
        keep = office().keep
        if keep:
            keep(letter)
        else:
            with Connection(current_app.extensions["mail"]) as connection:
                letter.send(connection)
    except Unanswered:
        current_app.logger.warning("mail perhaps sent: the mail server took it and did not answer")
        return False
    except (OSError, smtplib.SMTPException, BadHeaderError) as error:
        current_app.logger.warning("mail not sent: %s", _said(error))
        raise MailNotSent from error
    return True


def _sender() -> str:
    sender = str(current_app.config["MAIL_DEFAULT_SENDER"])
    _, address = parseaddr(sender)
    return sender.replace(address, addresses.in_ascii(address))


def _said(error: Exception) -> str:
    """What kind of failure it was, with the mail server's numbers for it; its words may hold the address."""
    codes = set()
    if isinstance(error, smtplib.SMTPResponseException):
        codes = {error.smtp_code}
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
    return " ".join([type(error).__name__, *map(str, sorted(codes))])
