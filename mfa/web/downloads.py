"""Files that people save."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from flask import Response, stream_with_context

from mfa.settings import settings


def file(name: str, content: str | Iterable[str], content_type: str) -> Response:
    """Answer with a file called *name*, with the product's name before it.

    :param name: ASCII, without spaces and quotation marks.
    :param content: its text, or the pieces of it, which are made while they are sent.
    """
    body = content if isinstance(content, str) else stream_with_context(iter(content))
    headers = {"Content-Disposition": _disposition(name), "Cache-Control": "no-store"}
    return Response(body, content_type=content_type, headers=headers)


def _disposition(name: str) -> str:
    product = re.sub(r"[\W_]+", "-", settings().product_name.lower()).strip("-")
    whole = "-".join(filter(None, [product, name]))
    # The second name is the one that browsers take, whatever its letters (RFC 6266 §4.3).
    return f"attachment; filename={name}; filename*=UTF-8''{quote(whole)}"
