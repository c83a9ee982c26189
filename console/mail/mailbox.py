"""The development mailbox: where mails go when there is no mail server, so that they can be read."""

from __future__ import annotations

import email.policy
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from flask import current_app
from flask_mail import Message as FlaskMessage

from mfa import clock

_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Letter:
    id: str
    sent_at: datetime
    to: str
    subject: str
    text: str


def in_use(config: Mapping[str, Any]) -> bool:
    """Whether mails are kept here: in development, as long as no mail server is set."""
    return config["MODE"] == "development" and not config["MAIL_SERVER"]


def keep(message: FlaskMessage) -> None:
    """Keep a mail as a file of its own."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{clock.now():%Y%m%d%H%M%S%f}-{secrets.token_hex(4)}"
    (folder / f"{name}.eml").write_bytes(message.as_bytes())


def letters() -> list[Letter]:
    """The kept mails, newest first."""
    return [_parse(path) for path in sorted(_folder().glob("*.eml"), reverse=True)]


def letter(name: str) -> Letter | None:
    """One kept mail by its id."""
    path = _folder() / f"{name}.eml"
    return _parse(path) if _ID.fullmatch(name) and path.is_file() else None


def _folder() -> Path:
    return Path(current_app.instance_path) / "mailbox"


def _parse(path: Path) -> Letter:
    parsed = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("plain",))
    return Letter(
        id=path.stem,
        sent_at=datetime.strptime(path.stem[:20], "%Y%m%d%H%M%S%f").replace(tzinfo=UTC),
        to=str(parsed["To"]),
        subject=str(parsed["Subject"]),
        text=body.get_content().replace("\r\n", "\n") if body else "",
    )
