"""The console's static files, and its logo."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from mfa import at_work
from mfa.logo import Logo
from mfa.web.assets import SCRIPT, STYLE, Assets, script, stylesheet, vendored


def serve(app: Flask, folder: Path, *, accent: str, logo: Logo | None) -> None:
    """Serve the files of *folder*, put together with those of the extension, at ``/static/…``.

    For the templates ``static_url(name)`` is where.

    :param accent: the color, as #rrggbb, from which the stylesheet makes its own.
    :raises BadAsset: files that can't be put together.
    """
    # The console's come first: they say in which order the layers lie. The color is in no layer.
    styles = stylesheet(folder / "css" / "main.css"), stylesheet(STYLE), f".mfa {{ --brand: {accent}; }}\n"
    sources = {
        "main.css": "".join(styles).encode(),
        "app.js": script(SCRIPT, folder / "js" / "app.js").encode(),
        **vendored(),
        **({logo.name: logo.content} if logo else {}),
    }
    files = Assets(sources)
    app.add_url_rule("/static/<path:address>", "static", files.answer)
    app.jinja_env.globals.update(
        static_url=lambda name: f"{at_work.request().root_path}/static/{files.address(name)}",
        logo=logo.name if logo else None,
    )
