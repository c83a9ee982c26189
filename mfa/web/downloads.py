"""Files that people save."""

from __future__ import annotations

import re
from urllib.parse import quote

from mfa.settings import settings


def disposition(name: str) -> str:
    """Return the Content-Disposition of a file called *name*, with the product's name before it.

    :param name: ASCII, without spaces and quotation marks.
    """
    product = re.sub(r"[\W_]+", "-", settings().product_name.lower()).strip("-")
    whole = "-".join(filter(None, [product, name]))
    # The second name is the one that browsers take, whatever its letters (RFC 6266 §4.3).
    return f"attachment; filename={name}; filename*=UTF-8''{quote(whole)}"
