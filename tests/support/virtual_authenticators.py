"""Chromium's virtual authenticators, which stand for phones, computers and security keys."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import CDPSession, Page

from tests.support.software_authenticator import SoftwareAuthenticator

ASKS_AT_A_PRESS = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
"""Where presence is simulated, Chromium answers autofill by itself; not with this script."""

RECORDS_SIGNALS = """window.signaled = [];
for (const what of ["UnknownCredential", "AllAcceptedCredentials", "CurrentUserDetails"]) {
  const method = `signal${what}`;
  PublicKeyCredential[method] = async (options) => signaled.push({ method, ...options });
}"""
"""Takes what the page tells password managers, in their place."""


def wait_for_signal(page: Page, method: str, **said: Any) -> dict[str, Any]:
    """Wait for a signal to password managers with these options, the first since the last one waited for."""
    page.wait_for_function(
        """([method, said]) => {
            const tells = (signal) => Object.entries(said)
                .every(([member, value]) => JSON.stringify(signal[member]) === JSON.stringify(value));
            const at = signaled.findIndex((signal) => signal.method === method && tells(signal));
            if (at >= 0) window.found = signaled.splice(0, at + 1).pop();
            return at >= 0;
        }""",
        arg=[method, said],
    )
    found: dict[str, Any] = page.evaluate("found")
    return found


@dataclass(frozen=True)
class Kind:
    """What an authenticator is, and what it makes.

    :param transport: how it is reached: ``internal`` is a part of the device.
    :param verifies: it checks who uses it, by PIN or biometrics.
    :param resides: its passkeys are found without their ids.
    :param synced: its passkeys are copied to other devices of the person.
    """

    transport: str = "internal"
    verifies: bool = True
    resides: bool = True
    synced: bool = False

    def options(self) -> dict[str, Any]:
        return {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": self.transport,
            "hasResidentKey": self.resides,
            "hasUserVerification": self.verifies,
            "isUserVerified": self.verifies,
            "defaultBackupEligibility": self.synced,
            "defaultBackupState": self.synced,
            "automaticPresenceSimulation": True,
        }


INTERNAL = Kind()
SECURITY_KEY = Kind("usb", verifies=False, resides=False)


class Authenticators:
    """The authenticators of one page's browser."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        self.ids: list[str] = []

    def add(self, kind: Kind = INTERNAL, **otherwise: Any) -> str:
        """Add one and return its id.

        :param otherwise: options of the protocol, in place of those of its kind.
        """
        options = {**kind.options(), **otherwise}
        found = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.ids.append(str(found["authenticatorId"]))
        return self.ids[-1]

    def touch(self, authenticator: str) -> None:
        """Have this one answer from now on; the others wait for somebody to touch them."""
        for one in self.ids:
            self.session.send(
                "WebAuthn.setAutomaticPresenceSimulation",
                {"authenticatorId": one, "enabled": one == authenticator},
            )

    def put(self, authenticator: str, key: SoftwareAuthenticator) -> None:
        """Put the one credential of *key* into it."""
        (credential,) = key.keys
        private = credential.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self.session.send(
            "WebAuthn.addCredential",
            {
                "authenticatorId": authenticator,
                "credential": {
                    "credentialId": base64.b64encode(credential.id).decode(),
                    "isResidentCredential": True,
                    "rpId": "localhost",
                    "privateKey": base64.b64encode(private).decode(),
                    "userHandle": base64.b64encode(credential.user_handle).decode(),
                    "signCount": credential.count,
                },
            },
        )
