"""How a mail leaves: by SMTP, or, in development without a mail server, into the local mailbox."""

from __future__ import annotations

import smtplib
from email.utils import make_msgid, parseaddr

from flask import current_app
from flask_mail import BadHeaderError, Message as FlaskMessage

from mfa import hosts
from mfa.accounts import addresses
from mfa.errors import Refusal
from mfa.extensions import mail
from mfa.mail import mailbox
from mfa.mail.messages import Message


class MailNotSent(Refusal):
    """The mail server is down, slow, or does not take this mail."""


def send(message: Message) -> None:
    """Send one mail now, within ``MAIL_TIMEOUT`` seconds a reply.

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
    letter.msgId = make_msgid(domain=hosts.name_of(current_app.config["SERVER_NAME"]))
    try:
        if mailbox.in_use(current_app.config):
            mailbox.keep(letter)
        else:
            mail.send(letter)
    except (OSError, smtplib.SMTPException, BadHeaderError) as error:
        current_app.logger.warning("mail not sent: %s", _said(error))
        raise MailNotSent from error


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
