"""Addresses as mail servers take them."""

from __future__ import annotations

import idna


def in_ascii(address: str) -> str:
    """Return *address* with its domain by IDNA 2008.

    Mail libraries know IDNA 2003 alone, by which "straße.example" is "strasse.example", another domain.
    """
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{idna.encode(domain, uts46=True).decode()}"
