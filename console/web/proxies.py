"""Who a request comes from, by what the trusted proxies wrote into ``X-Forwarded-For``."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

_GROUPS = 8
"""Of an IPv6 address that is written out."""


class ForwardedFor:
    """WSGI middleware that puts the client's address into ``REMOTE_ADDR``; empty where the proxy hides it.

    Werkzeug's ProxyFix takes the whole item, port and all, and reads a quoted list: a client that sends one
    quotation mark makes what the proxy appends a part of its own text.

    :param count: the number of proxies in a row; each appends whom its request came from.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], count: int) -> None:
        self._application, self._count = application, count

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded is not None:
            items = forwarded.split(",")
            # Fewer items than proxies: the request began at an inner one, which wrote the first of them.
            environ["REMOTE_ADDR"] = address(items[-min(self._count, len(items))])
        return self._application(environ, start_response)


def address(item: str) -> str:
    """Return the IP address in an item of ``X-Forwarded-For``, in any form that proxies write.

    ``203.0.113.7:4711``, ``[2001:db8::1]:4711``, ``for="[2001:db8::1]"`` (RFC 7239 §6), ``fe80::1%eth0``;
    empty for ``unknown``, ``_hidden`` and anything else.
    """
    text = item.partition(";")[0].strip()
    if text[:4].lower() == "for=":
        text = text[4:]
    text = text.strip(' \t"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1 or (text.count(":") == _GROUPS and "::" not in text):
        text = text.rpartition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0].strip())
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)
