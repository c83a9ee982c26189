"""Passkeys in tests over HTTP: the forms that ask for one, answered by the software authenticator."""

from __future__ import annotations

import json
import os
import re
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy import insert, update

from mfa import clock
from mfa.crypto import webauthn
from mfa.database import run, transaction
from mfa.factors.models import PASSKEY, Authenticator, SecondStep
from tests.support.software_authenticator import SoftwareAuthenticator

ORIGIN = "http://localhost:5000"
SETTINGS: dict[str, Any] = {"PASSKEY_RP_ID": "localhost", "PASSKEY_ORIGINS": [ORIGIN]}
"""Of an installation at an IP address, for which no browser makes passkeys."""
PARTY = webauthn.RelyingParty("localhost", "Twostep", frozenset({ORIGIN}))


def asked(page: str, action: str) -> tuple[dict[str, Any], str]:
    """Return the options and the token of the form on *page* that posts to *action*."""
    for head in re.findall(r"<form[^>]*data-passkey=[^>]*>", page):
        if f'action="{action}"' in unescape(head):
            options = re.search(r'data-passkey-options="([^"]*)"', head)
            token = re.search(r'data-passkey-token="([^"]*)"', head)
            assert options and token
            return json.loads(unescape(options[1])), token[1]
    raise AssertionError(f"no form for {action} asks for a passkey")


def answer(key: SoftwareAuthenticator, page: str, action: str, **otherwise: Any) -> dict[str, str]:
    """Return what that form posts once *key* was used, or has made a passkey."""
    options, token = asked(page, action)
    said = key.create(options, **otherwise) if "rp" in options else key.get(options, **otherwise)
    return {"passkey": f"{token} {json.dumps(said)}"}


def give(app: Flask, person_id: str, key: SoftwareAuthenticator, name: str = "Key") -> int:
    """Let a person whose 2-step verification is on have the passkey *key*, without the wizard; its id."""
    handle, challenge = os.urandom(webauthn.USER_HANDLE_BYTES), os.urandom(webauthn.CHALLENGE_BYTES)
    with app.app_context(), transaction():
        known = run(update(SecondStep).where(SecondStep.person_id == person_id).values(user_handle=handle))
        assert known is not None
        options = webauthn.creation_options(PARTY, webauthn.User(handle, "m", "Mina"), challenge)
        new = webauthn.register(json.dumps(key.create(options)), challenge, PARTY)
        values = {
            "person_id": person_id,
            "kind": PASSKEY,
            "name": name,
            "added_at": clock.now(),
            "credential_id": new.credential_id,
            "public_key": new.public_key,
            "sign_count": new.sign_count,
            "aaguid": new.aaguid,
            "is_synced": new.is_synced,
            "transports": ",".join(new.transports),
        }
        return int(run(insert(Authenticator).values(**values).returning(Authenticator.id)).scalar_one())
