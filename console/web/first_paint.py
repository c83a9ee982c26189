"""The styles of a card inside its page, for somebody who was never here.

Over a slow line the stylesheet takes as long as the page itself, and shares the line with the scripts. With
these styles the card is painted before; the whole stylesheet comes at the end of the page, and changes
nothing of the card. The policy allows them by their hash (CSP Level 3 §8.3).
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from flask import Flask
from markupsafe import Markup

from mfa import at_work
from mfa.web.assets import STYLE, stylesheet

_OURS = ("page.css", "brand.css", "stage.css")
_OF_EXTENSION = (
    "tokens.css",
    "base.css",
    "card.css",
    "button.css",
    "form.css",
    "note.css",
    "notice.css",
    "utilities.css",
)
_NOT_NEEDED = re.compile(r"/\*.*?\*/|^\s+", re.DOTALL | re.MULTILINE)
"""Comments, empty lines and indentation."""


def offer(app: Flask, folder: Path, *, accent: str) -> str:
    """Offer the styles to the templates of *app*, as ``first_styles`` if ``is_first_visit()``.

    :param folder: as that of :func:`console.web.assets.serve`.
    :param accent: as there.
    :returns: their source for the directive ``style-src``.
    """
    parts = (
        stylesheet(folder / "css" / "main.css", _OURS),
        stylesheet(STYLE, _OF_EXTENSION),
        f".mfa {{ --brand: {accent}; }}\n",
    )
    css = _NOT_NEEDED.sub("", "".join(parts))
    app.jinja_env.globals.update(
        first_styles=Markup(css),  # noqa: S704 (from our own files)
        is_first_visit=lambda: not at_work.request().cookies,
    )
    digest = hashlib.sha256(css.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
