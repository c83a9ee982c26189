"""Pages as text, for comparing one with another."""

from __future__ import annotations

import re


def lasting(page: str) -> str:
    """A page without what differs from one answer to the next: its nonces and CSRF tokens."""
    without_nonces = re.sub(r'nonce="[^"]*"', "", page)
    without_tokens = re.sub(r'(name="csrf_token"[^>]*value=)"[^"]*"', r"\1", without_nonces)
    return re.sub(r"(X-CSRFToken[^:]*:)[^}]*", r"\1", without_tokens)


def static_files(page: str) -> list[str]:
    """The addresses of the static files that a page names, each once, in the order of the page."""
    return list(dict.fromkeys(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)))


def csrf_token(page: str) -> str:
    """Return the token that the first form of *page* sends."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page
    return found[1]
