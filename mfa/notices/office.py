"""What an application gives the mails: its name and pages, their language, and another way out than SMTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from flask import Flask, current_app
from flask_mail import Message as Letter

from mfa import i18n, site

_OFFICE = "mfa_notices"


@dataclass(frozen=True)
class Message:
    """One mail as a person reads it.

    :param by_mail_alone: it goes to that mailbox and nowhere else, as it proves who reads it.
    """

    recipient: str
    subject: str
    text: str
    html: str
    by_mail_alone: bool = False


class Reader(Protocol):
    """Who is written to."""

    @property
    def id(self) -> object: ...
    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def language(self) -> str | None: ...


def by_name(notices: Iterable[Callable[..., Message]]) -> Mapping[str, Callable[..., Message]]:
    """Return *notices* by the names under which the outbox stores them."""
    return {notice.__name__: notice for notice in notices}


@dataclass(frozen=True, kw_only=True)
class Office:
    """How an application writes and sends its mails.

    :param product: its name, as people know it.
    :param notices: the functions that make what waits in the outbox, :func:`by_name`.
    :param render: returns a template with a context, like :func:`flask.render_template`; its environment has
        ``gettext`` and ``ngettext``, and nothing else is asked of it.
    :param speaking: speaks a language inside a ``with`` block; None is the reader's default.
    :param pages: endpoints that mails link to: ``sign_in``, ``enrollment_link``, ``confirm_second_step``,
        ``revoke_codes``, ``recover``, ``stop_recovery`` and, where people can set a new password themselves,
        ``forgot_password``.
    :param support_address: whom people may ask; empty if nobody.
    :param accent: the color of a button, as #rrggbb.
    :param keep: takes a mail in place of a mail server; None where they go out by SMTP.
    :param ends_sessions: True if the other sessions end at a change of the second step or the password: mails
        say so.
    :param notify: tells the person with that id by another way than mail; returns True if that is done.
    """

    product: str
    notices: Mapping[str, Callable[..., Message]]
    render: Callable[..., str]
    speaking: Callable[[str | None], AbstractContextManager[None]] = i18n.speaking
    pages: Mapping[str, str] = field(default_factory=dict)
    support_address: str = ""
    accent: str = "#3552bc"
    keep: Callable[[Letter], object] | None = None
    notify: Callable[[str, Message], bool] | None = None
    ends_sessions: bool = True

    def open(self, app: Flask) -> None:
        """Let *app* write and send mails."""
        app.extensions[_OFFICE] = self

    def url(self, page: str, **values: Any) -> str:
        """Return the address of one of its :attr:`pages`, or else of its root, on the configured host."""
        return site.absolute(self.pages[page], **values) if page in self.pages else site.root()

    def reset_url(self) -> str:
        """Return where people set a new password; empty if they can't do that themselves."""
        return self.url("forgot_password") if "forgot_password" in self.pages else ""


def office() -> Office:
    """Return the office of the application at work."""
    return cast("Office", current_app.extensions[_OFFICE])
