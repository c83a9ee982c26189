"""What an application gives the mails: their texts, their language, and another way out than SMTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, cast

from flask import Flask, current_app
from flask_mail import Message as Letter

_OFFICE = "mfa_notices"


@dataclass(frozen=True)
class Message:
    """One mail as a person reads it."""

    recipient: str
    subject: str
    text: str
    html: str


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


@dataclass(frozen=True)
class Office:
    """How an application writes and sends its mails.

    :param notices: the functions that make what waits in the outbox, by name.
    :param speaking: speaks a language inside a ``with`` block; None is the reader's default.
    :param keep: takes a mail in place of a mail server; None where they go out by SMTP.
    """

    notices: dict[str, Callable[..., Message]]
    speaking: Callable[[str | None], AbstractContextManager[None]]
    keep: Callable[[Letter], object] | None


def open_office(
    app: Flask,
    notices: Iterable[Callable[..., Message]],
    *,
    speaking: Callable[[str | None], AbstractContextManager[None]] = lambda _language: nullcontext(),
    keep: Callable[[Letter], object] | None = None,
) -> None:
    """Let *app* write and send mails; the parameters are those of :class:`Office`."""
    app.extensions[_OFFICE] = Office({notice.__name__: notice for notice in notices}, speaking, keep)


def office() -> Office:
    """Return the office of the application at work."""
    return cast("Office", current_app.extensions[_OFFICE])
