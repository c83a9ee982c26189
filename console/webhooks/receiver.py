"""The system that the settings name as the receiver."""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app
from standardwebhooks import Webhook

from console.config import webhooks as settings
from console.config.webhooks import Address, Network
from console.webhooks.networks import LOOPBACK

_RECEIVER = "twostep_webhook_receiver"


@dataclass(frozen=True)
class Receiver:
    """
    :param signers: one for each secret.
    :param private: networks in which it may be although they are not public.
    :param ca_file: the authorities that may sign its certificate; the system's if None.
    """

    address: Address
    signers: tuple[Webhook, ...]
    private: tuple[Network, ...]
    ca_file: str | None

    def sign(self, message_id: str, now: datetime, body: str) -> dict[str, str]:
        """Return the headers of Standard Webhooks for a try of *body*."""
        signatures = [signer.sign(message_id, now, body) for signer in self.signers]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def tls(self) -> ssl.SSLContext:
        """Return the context that verifies its certificate."""
        return _tls(self.ca_file)


def use(app: Flask) -> bool:
    """Give *app* the receiver of its settings, which have been checked; return False if there is none."""
    config: dict[str, Any] = app.config
    if not config["WEBHOOK_URL"]:
        return False
    in_development = config["MODE"] == "development"
    app.extensions[_RECEIVER] = Receiver(
        address=settings.parse(config["WEBHOOK_URL"]),
        signers=tuple(map(Webhook, config["WEBHOOK_SECRET"].split())),
        private=settings.networks(config["WEBHOOK_PRIVATE_NETWORKS"]) + LOOPBACK * in_development,
        ca_file=config["WEBHOOK_CA_FILE"] or None,
    )
    return True


def receiver() -> Receiver | None:
    """Return the receiver of the application at work, if it has one."""
    found: Receiver | None = current_app.extensions.get(_RECEIVER)
    return found


@functools.cache
def _tls(ca_file: str | None) -> ssl.SSLContext:
    """Return the context that verifies certificates, made once: reading the authorities takes long."""
    return ssl.create_default_context(cafile=ca_file)
