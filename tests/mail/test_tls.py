"""Mails leave over TLS where that is set, and only to a server whose certificate is good."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from console import create_app
from mfa.notices import smtp
from tests.support.clock import Clock
from tests.support.person import EMAIL, Person
from tests.support.smtp import Inbox

HERE, ELSEWHERE = "127.0.0.1", "203.0.113.9"
STARTTLS, FROM_THE_START = "MAIL_USE_TLS", "MAIL_USE_SSL"

Serve = Callable[..., tuple[Flask, Inbox]]


def certificate(folder: Path, address: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for *address* that nobody but its own file vouches for, and a server's side of it."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")]),
    )
    # TLS is checked by the machine's clock.
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    signed = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - day, now + day
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public, whole = folder / "mail.pem", folder / "mail.key"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    whole.write_bytes(own + public.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    return public, context


@pytest.fixture
def serve(config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """An application whose mails go to a server that speaks TLS alone."""
    inboxes = []

    def make(setting: str, *, address: str = HERE, trusted: bool = True) -> tuple[Flask, Inbox]:
        public, context = certificate(tmp_path, address)
        spoken = {
            STARTTLS: {"tls_context": context, "require_starttls": True},
            FROM_THE_START: {"ssl_context": context},
        }
        inboxes.append(Inbox(**spoken[setting]))
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(public))
        return create_app({**config, setting: True, "MAIL_PORT": inboxes[-1].port}), inboxes[-1]

    yield make
    for inbox in inboxes:
        inbox.stop()


@pytest.mark.parametrize("setting", [STARTTLS, FROM_THE_START])
def test_a_mail_leaves_over_tls(serve: Serve, clock: Clock, setting: str) -> None:
    app, inbox = serve(setting)
    Person(app, inbox, clock).sign_up()


@pytest.mark.parametrize("setting", [STARTTLS, FROM_THE_START])
@pytest.mark.parametrize("wrong", [{"trusted": False}, {"address": ELSEWHERE}], ids=["unknown", "another's"])
def test_nothing_is_told_to_a_server_whose_certificate_is_wrong(
    serve: Serve, clock: Clock, caplog: pytest.LogCaptureFixture, setting: str, wrong: dict[str, Any]
) -> None:
    app, inbox = serve(setting, **wrong)
    person = Person(app, inbox, clock)
    person.get("/sign-up")
    assert person.post("/sign-up", {"email": EMAIL}).status_code == 422
    assert "mail not sent: SSLCertVerificationError" in caplog.text
    assert inbox.take_all() == []


def test_certificates_are_read_once_and_only_for_tls(
    app: Flask, inbox: Inbox, clock: Clock, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer than the rest of a mail."""
    made, real = [], ssl.create_default_context

    def counted() -> ssl.SSLContext:
        made.append(1)
        return real()

    monkeypatch.setattr(smtp.ssl, "create_default_context", counted)
    Person(app, inbox, clock).sign_up()
    assert not made
    app, own = serve(STARTTLS)
    person = Person(app, own, clock)
    for number in range(3):
        person.get("/sign-up")
        person.post("/sign-up", {"email": f"person{number}@example.com"})
        own.wait_for("Create your", to=f"person{number}@example.com")
    assert len(made) == 1
