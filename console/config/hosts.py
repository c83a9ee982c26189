"""The hosts that settings name, in the one form in which browsers name them."""

from __future__ import annotations

from typing import Any

from console.config.errors import BadSetting
from mfa import hosts

WITH_PORT = (
    "must be the host that people open, like console.example or console.example:8443: no scheme, path or"
    " underscore, and a port from 1 to 65535."
)
HOST_LIST = "must be a JSON list of host names, without scheme and path, and not of IPv6 addresses."


def in_one_form(name: str, value: Any) -> Any:
    """Return the hosts that a setting names as browsers name them; other values are refused later.

    :raises BadSetting: not a host.
    """
    if name == "SERVER_NAME":
        return _host(name, str(value), WITH_PORT) if value else value
    if not is_texts(value):
        return value
    if name == "TRUSTED_HOSTS":
        return [_trusted_host(text) for text in value]
    return [_host(name, text, "is a JSON list of mail domains, like corp.local.") for text in value]


def _host(name: str, text: str, sentence: str) -> str:
    try:
        found = hosts.parse(text)
    except ValueError as error:
        raise BadSetting(f"MFA_{name} {sentence}") from error
    if found.port is not None and sentence != WITH_PORT:
        raise BadSetting(f"MFA_{name} {sentence}")
    return str(found)


def _trusted_host(text: str) -> str:
    try:
        found = hosts.parse(text.removeprefix("."))
    except ValueError as error:
        raise BadSetting(f"MFA_TRUSTED_HOSTS {HOST_LIST}") from error
    if found.is_ipv6:
        raise BadSetting(f"MFA_TRUSTED_HOSTS {HOST_LIST}")
    # Whatever the port, the host is the same.
    return ("." if text.startswith(".") else "") + found.name


def is_texts(value: object) -> bool:
    """Return True for a list of texts."""
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
