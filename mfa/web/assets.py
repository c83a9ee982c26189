"""The static files: put together and compressed when the server starts, each at an address for good.

The sources are many small files that a browser could read as they are. What is served are few: one
stylesheet, one module, and the vendored scripts. The hash of its content is in the address of
each file, so that a browser keeps it for a year, and a changed file is another one.

While servers of two versions stand side by side, a page of one may ask the other for its files. The other
answers with its own file of that name, which nobody may keep: an older or newer style and script are better
than none, every page works without them, and the next page asks again. Nothing names a file by its integrity,
and the one module imports no other.

The pages themselves stay uncompressed: the length of a compressed page that holds a token beside what a
stranger may choose gives the token away letter by letter (BREACH). These files hold no secret.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import brotli
from flask import Response, abort, request

FOLDER = Path(__file__).resolve().parent.parent / "static" / "mfa"
"""The extension's own sources."""
STYLE, SCRIPT = FOLDER / "css" / "mfa.css", FOLDER / "js" / "mfa.js"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
}
_NOT_COMPRESSED = (".png", ".webp")
_A_YEAR = 365 * 24 * 3600

_HASHED = re.compile(r"\.[0-9a-f]{12}(?=\.[a-z]+$)")
_CSS_IMPORT = re.compile(r'^@import url\("([\w-]+\.css)"\)(?: layer\(([\w.]+)\))?(?: (\w+))?;$', re.MULTILINE)
_JS_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+\.js)";\n', re.MULTILINE)
_JS_EXPORT = re.compile(r"^export (?=const |function |class )", re.MULTILINE)
_JS_NAME = re.compile(r"^(?:const|let|class|(?:async )?function\*?) (\w+)", re.MULTILINE)
_NOT_UNDERSTOOD = re.compile(r"^(?:@import|import|export)\b.*", re.MULTILINE)


class BadAsset(ValueError):
    """A source that can't be put together; its text is one sentence for who wrote it."""


@dataclass(frozen=True)
class Asset:
    """One file as it is served.

    ``bodies`` holds its bytes by content coding, the most wanted first.
    """

    mimetype: str
    digest: str
    bodies: Mapping[str, bytes]


class Assets:
    """The files of *sources*, by their names."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._made = {name: _asset(PurePosixPath(name).suffix, content) for name, content in sources.items()}
        self._addresses = {name: _address(name, asset.digest) for name, asset in self._made.items()}

    def address(self, name: str) -> str:
        """Return the last part of the URL of the file *name*, which changes with its content."""
        return self._addresses[name]

    def answer(self, address: str) -> Response:
        """Answer a request for *address*: 404 unless it names one of the files, whatever its hash."""
        name = _HASHED.sub("", address)
        if name == address or name not in self._made:
            abort(404)
        return _answer(self._made[name], lasting=address == self._addresses[name])


def own() -> dict[str, bytes]:
    """Return the extension's files, for a host that has none to put together with them."""
    return {"mfa.css": stylesheet(STYLE).encode(), "mfa.js": script(SCRIPT).encode(), **vendored()}


def vendored() -> dict[str, bytes]:
    """Return htmx and its guard."""
    return {path.name: path.read_bytes() for path in sorted((FOLDER / "vendor").glob("*.js"))}


def stylesheet(path: Path) -> str:
    """The stylesheet at *path*, with those that it imports in their places, layers and media kept."""

    def imported(found: re.Match[str]) -> str:
        name, layer, media = found.groups()
        text = _understood(path.with_name(name).read_text(encoding="utf-8"), name)
        if layer:
            text = f"@layer {layer} {{\n{text}}}\n"
        return f"@media {media} {{\n{text}}}\n" if media else text

    return _understood(_CSS_IMPORT.sub(imported, path.read_text(encoding="utf-8")), path.name)


def script(*paths: Path) -> str:
    """The modules at *paths* and all that they import as one module, what is imported first.

    They share one scope then: a name of the top level may stand in one of them only.
    """
    modules: dict[Path, str] = {}
    for path in paths:
        _add_modules(path, modules, set())
    owners: dict[str, str] = {}
    for path, text in modules.items():
        for declared in _JS_NAME.findall(text):
            if declared in owners:
                raise BadAsset(f"static: {declared} stands in {owners[declared]} and in {path.name}.")
            owners[declared] = path.name
    return "".join(modules.values())


def _add_modules(path: Path, modules: dict[Path, str], seen: set[Path]) -> None:
    """Add the module at *path* to *modules*, after those that it imports."""
    seen.add(path)
    text = path.read_text(encoding="utf-8")
    for name in _JS_IMPORT.findall(text):
        if path.with_name(name) not in seen:
            _add_modules(path.with_name(name), modules, seen)
    modules[path] = _understood(_JS_EXPORT.sub("", _JS_IMPORT.sub("", text)), path.name)


def _understood(text: str, name: str) -> str:
    left = _NOT_UNDERSTOOD.search(text)
    if left:
        raise BadAsset(f"static: {name} has an import or export of a kind that is not known here: {left[0]}")
    return text


def _asset(suffix: str, content: bytes) -> Asset:
    bodies = {"identity": content} if suffix in _NOT_COMPRESSED else _compressed(content)
    return Asset(_TYPES[suffix], hashlib.sha256(content).hexdigest()[:12], bodies)


@functools.cache
def _compressed(content: bytes) -> dict[str, bytes]:
    # 11 would make them 2 % smaller, and take three times as long at each start and a megabyte for good.
    return {
        "br": brotli.compress(content, mode=brotli.MODE_TEXT, quality=10),
        "gzip": gzip.compress(content, compresslevel=9, mtime=0),
        "identity": content,
    }


def _address(name: str, digest: str) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}.{digest}{path.suffix}"


def _answer(asset: Asset, *, lasting: bool) -> Response:
    """Answer with *asset*.

    :param lasting: its address is that of its content, so everybody may keep it; else nobody may.
    """
    accepted = request.accept_encodings
    coding = max(asset.bodies, key=accepted.quality)
    if not accepted.quality(coding):
        coding = "identity"
    response = Response(asset.bodies[coding], mimetype=asset.mimetype)
    if coding != "identity":
        response.headers["Content-Encoding"] = coding
    response.vary.add("Accept-Encoding")
    # Also where nobody may keep it: the console's cookies leave what is public alone.
    response.cache_control.public = True
    if not lasting:
        response.cache_control.no_store = True
        return response
    response.cache_control.max_age = _A_YEAR
    response.cache_control.immutable = True
    response.set_etag(f"{asset.digest}-{coding}")
    response.make_conditional(request)
    return response
