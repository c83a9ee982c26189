"""Paths of this application that a request may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import current_app, has_request_context, request
from werkzeug.exceptions import HTTPException

_LONGEST_PATH = 512


def local_path(target: str | None) -> str | None:
    """Return *target* if it is a path of this application, else None: a link can't send people elsewhere.

    It goes into a header and, past a challenge, into the database: so it is ASCII, and not long.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if "\\" in target or not target.isprintable() or not target.isascii() or len(target) > _LONGEST_PATH:
        return None
    parts = urlsplit(target)
    if (
        parts.scheme
        or parts.netloc
        or not _is_below(request.root_path if has_request_context() else "", parts.path)
    ):
        return None
    return target


def page_of(path: str) -> tuple[str, Mapping[str, Any], str]:
    """Return the page that a form at *path* stands on: its endpoint, the values in its path, and that path.

    It is *path* itself or, where that takes posts alone, the nearest one above it.

    :raises HTTPException: there is none.
    """
    adapter = current_app.create_url_adapter(request)
    assert adapter
    while True:
        try:
            return *adapter.match(path, method="GET"), path
        except HTTPException:
            if path == "/":
                raise
            path = path.rpartition("/")[0] or "/"


def _is_below(root: str, path: str) -> bool:
    """Return whether *path* stays below *root*, where other applications may share the host."""
    if not root:
        return True
    climbs = any(unquote(segment) in (".", "..") for segment in path.split("/"))
    return f"{path}/".startswith(f"{root}/") and not climbs
