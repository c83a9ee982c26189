"""How a mail leaves: by SMTP, or as the application keeps it instead."""

from __future__ import annotations

import email.policy
import smtplib
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid, parseaddr
from typing import Any

from flask import current_app
from flask_mail import BadHeaderError, Mail, Message as FlaskMessage

from mfa import site
from mfa.errors import BadSetting, Refusal
from mfa.i18n import lazy_gettext as _
from mfa.notices import addresses
from mfa.notices.office import Message, office
from mfa.notices.smtp import Connection, Unanswered

_FLASK_MAIL, _OWN_MAIL = "mail", "mfa_mail"
_POLICY = email.policy.SMTP.clone(cte_type="7bit")


class MailNotSent(Refusal):
    """The mail server is down, too slow, or does not take this mail: it will not arrive."""

    says = _("We could not send the mail. Try again.")


class NoAddress(MailNotSent):
    """The person has no address."""

    says = _("Your account has no e-mail address that a mail could be sent to.")


class Letter(FlaskMessage):
    """A message that can be written where the application has not set Flask-Mail up; Flask-Mail's can't."""

    def as_bytes(self) -> bytes:
        letter = EmailMessage(_POLICY)
        letter["Subject"] = self.subject
        letter["From"] = self.sender
        letter["To"] = ", ".join(map(str, self.recipients))
        letter["Date"] = formatdate(self.date, localtime=True)
        letter["Message-ID"] = self.msgId
        for name, value in (self.extra_headers or {}).items():
            letter[name] = value
        letter.set_content(self.body)
        letter.add_alternative(self.html, subtype="html")
        return letter.as_bytes()

    def as_string(self) -> str:
        return self.as_bytes().decode("ascii")


def send(message: Message, *, message_id: str | None = None) -> bool:
    """Send one mail now, within :data:`mfa.notices.smtp.WITHIN` seconds.

    Return True if the mail server took it, and False if it did not answer after it had all of it: then the
    mail has perhaps been delivered, and what it says must be usable.

    :param message_id: the same for each try of one mail, so that mailboxes can tell; a new one if None.
    :raises MailNotSent: it did not leave.
    :raises NoAddress: it says to nobody where.
    :raises BadSetting: see :func:`check_settings`.
    """
    if not message.recipient:
        raise NoAddress
    letter = Letter(
        subject=message.subject,
        sender=_sender(),
        recipients=[addresses.in_ascii(message.recipient)],
        body=message.text,
        html=message.html,
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    letter.msgId = message_id or make_msgid(domain=site.host().name)
    keep = office().keep or (_print if is_printed() else None)
    try:
        if keep:
            keep(letter)
        else:
            with Connection(_settings()) as connection:
                letter.send(connection)
    except Unanswered:
        current_app.logger.warning("mail perhaps sent: the mail server took it and did not answer")
        return False
    except (OSError, smtplib.SMTPException, BadHeaderError) as error:
        current_app.logger.warning("mail not sent: %s%s", _said(error), "" if keep else f" ({_where()})")
        raise MailNotSent from error
    return True


def is_printed() -> bool:
    """Return True if mails are written to the application's log: in debug mode, without a mail server."""
    config = current_app.config
    return current_app.debug and not current_app.testing and not config.get("MAIL_SERVER")


def _print(letter: Letter) -> None:
    current_app.logger.info(
        "A mail to %s, printed because MAIL_SERVER is not set and the application is in debug mode.\n"
        "Subject: %s\n\n%s",
        ", ".join(map(str, letter.recipients)),
        letter.subject,
        letter.body,
    )


def check_settings() -> None:
    """Refuse settings with which no mail can be sent.

    :raises BadSetting: no sender or no host for the links, or one that can't be.
    """
    site.host()
    _sender()


def _settings() -> Any:
    """Return Flask-Mail's settings, read by ourselves where the application has not set it up."""
    app, extensions = current_app, current_app.extensions
    if _FLASK_MAIL in extensions:
        return extensions[_FLASK_MAIL]
    if _OWN_MAIL not in extensions:
        extensions[_OWN_MAIL] = Mail().init_mail(app.config, app.debug, app.testing)
    return extensions[_OWN_MAIL]


def _sender() -> str:
    sender = current_app.config.get("MAIL_DEFAULT_SENDER")
    if not sender:
        raise BadSetting("MAIL_DEFAULT_SENDER is not set: give the address that mails come from.")
    name, address = sender if isinstance(sender, tuple | list) else parseaddr(str(sender))
    if "@" not in address:
        raise BadSetting("MAIL_DEFAULT_SENDER must be an e-mail address, like shop@shop.example.")
    return formataddr((name, addresses.in_ascii(address)))


def _where() -> str:
    """Return which mail server that was; that nobody has named one is a likely reason."""
    settings = _settings()
    named = current_app.config.get("MAIL_SERVER")
    return f"{settings.server}:{settings.port}" if named else "MAIL_SERVER is not set"


def _said(error: Exception) -> str:
    """What kind of failure it was, with the mail server's numbers for it; its words may hold the address."""
    codes = set()
    if isinstance(error, smtplib.SMTPResponseException):
        codes = {error.smtp_code}
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _ in error.recipients.values()}
    return " ".join([type(error).__name__, *map(str, sorted(codes))])
