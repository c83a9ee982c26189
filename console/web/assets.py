"""The console's static files, and its logo."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, request

from console import branding
from mfa.web.assets import Assets, script, stylesheet


def serve(app: Flask, folder: Path, *, accent: str, logo: str | None) -> None:
    """Serve the files of *folder* at ``/static/…``; ``static_url(name)`` is where, for the templates.

    :param accent: the color, as #rrggbb, from which the stylesheet makes its own.
    :param logo: the path of a picture, or None; served as ``logo.`` and the ending of its kind.
    :raises BadAsset: files that can't be put together.
    """
    brand = f":root {{ --brand: {accent}; }}\n".encode()
    sources = {
        "main.css": stylesheet(folder / "css" / "main.css").encode() + brand,
        "app.js": script(folder / "js" / "app.js").encode(),
        **{path.name: path.read_bytes() for path in sorted((folder / "vendor").glob("*.js"))},
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
