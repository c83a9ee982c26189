"""Flask-Mail with what it leaves out: a time-out, and certificates that are checked."""

from __future__ import annotations

import smtplib
import ssl

from flask import current_app
from flask_mail import Connection as FlaskMailConnection, Mail as FlaskMail

from mfa import hosts


class Connection(FlaskMailConnection):
    """One conversation with the mail server, of at most ``MAIL_TIMEOUT`` seconds a reply."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        settings = self.mail
        timeout = current_app.config["MAIL_TIMEOUT"]
        # Without a name smtplib asks the DNS for this machine's own, which can take longer than the mail.
        name = hosts.name_of(current_app.config["SERVER_NAME"])
        host: smtplib.SMTP | smtplib.SMTP_SSL
        if settings.use_ssl:
            host = smtplib.SMTP_SSL(
                settings.server,
                settings.port,
                local_hostname=name,
                timeout=timeout,
                context=ssl.create_default_context(),
            )
        else:
            host = smtplib.SMTP(settings.server, settings.port, local_hostname=name, timeout=timeout)
        if settings.use_tls:
            host.starttls(context=ssl.create_default_context())
        if settings.username and settings.password:
            host.login(settings.username, settings.password)
        return host


class Mail(FlaskMail):
    """Flask-Mail's ``Mail`` over :class:`Connection`."""

    def connect(self) -> FlaskMailConnection:
        return Connection(current_app.extensions["mail"])
