"""The console's static files, and its logo."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, request

from console import branding
from mfa.web.assets import SCRIPT, STYLE, Assets, script, stylesheet, vendored


def serve(app: Flask, folder: Path, *, accent: str, logo: str | None) -> None:
    """Serve the files of *folder*, put together with those of the extension, at ``/static/…``.

    For the templates ``static_url(name)`` is where.

    :param accent: the color, as #rrggbb, from which the stylesheet makes its own.
    :param logo: the path of a picture, or None; served as ``logo.`` and the ending of its kind.
    :raises BadAsset: files that can't be put together.
    """
    # The console's come first: they say in which order the layers lie. The color is in no layer.
    styles = stylesheet(folder / "css" / "main.css"), stylesheet(STYLE), f".mfa {{ --brand: {accent}; }}\n"
    sources = {
        "main.css": "".join(styles).encode(),
        "app.js": script(SCRIPT, folder / "js" / "app.js").encode(),
        **vendored(),
    }
    if logo:
        picture = Path(logo).read_bytes()
        sources[f"logo{branding.logo_suffix(picture)}"] = picture
    files = Assets(sources)
    app.add_url_rule("/static/<path:address>", "static", files.answer)
    app.jinja_env.globals.update(
        static_url=lambda name: f"{request.root_path}/static/{files.address(name)}",
        logo=next((name for name in sources if name.startswith("logo.")), None),
    )
