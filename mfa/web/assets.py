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
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import brotli
from flask import Blueprint, Response, abort, current_app, request, url_for
from flask.sansio.blueprints import BlueprintSetupState

from mfa.logo import Logo
from mfa.web.access import public
from mfa.web.host import host

FOLDER = Path(__file__).resolve().parent.parent / "static" / "mfa"
"""The extension's own sources."""
STYLE, SCRIPT = FOLDER / "css" / "mfa.css", FOLDER / "js" / "mfa.js"
HOST_STYLE, HOST_SCRIPT = FOLDER / "css" / "host.css", FOLDER / "js" / "host.js"
"""What a page of a host gets in their place: see :func:`host_stylesheet` and :func:`host_script`."""
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
_CSS_LAYERS = re.compile(r"^@layer ([\w., ]+);$", re.MULTILINE)
_CSS_ROOT = ":where(.mfa)"
_CSS_REM = re.compile(r"(?<![\w.])([\d.]+)rem\b(?![^\n]*\) \{$)", re.MULTILINE)
"""A length in rem, except in a media query, which knows no variable."""
_CSS_HOSTS_IDS = 3
"""A rule of a host that names as many ids doesn't reach what is ours."""
_CSS_IMPORT = re.compile(r'^@import url\("([\w-]+\.css)"\)(?: layer\(([\w.]+)\))?(?: (\w+))?;$', re.MULTILINE)
_JS_IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+\.js)";\n', re.MULTILINE)
_JS_EXPORT = re.compile(r"^export (?=const |function |class )", re.MULTILINE)
_JS_COMMENT = re.compile(r"^[ ]*//.*\n", re.MULTILINE)
"""A line that is a comment: a fourth of what our scripts weigh, which no browser needs."""
_JS_NAME = re.compile(r"^(?:const|let|class|(?:async )?function\*?) (\w+)", re.MULTILINE)
_NOT_UNDERSTOOD = re.compile(r"^(?:@import|import|export)\b.*", re.MULTILINE)


blueprint = Blueprint("assets", __name__)
"""Serves the extension's own files to a host that doesn't serve them with its own."""
_EXTENSION = "mfa.assets"


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


def own(accent: str = "", logo: Logo | None = None) -> dict[str, bytes]:
    """Return the extension's files, for a host that has none to put together with them.

    :param accent: the color of buttons, as #rrggbb; that of tokens.css if empty.
    :param logo: the host's.
    """
    # As weak as a rule can be: what the host says of .mfa comes before it.
    color = f"{_CSS_ROOT} {{ --brand: {accent}; }}\n" if accent else ""
    return {
        "mfa.css": f"{stylesheet(STYLE)}{color}".encode(),
        "mfa.js": script(SCRIPT).encode(),
        "host.css": f"{host_stylesheet()}{color}".encode(),
        "host.js": host_script().encode(),
        **vendored(),
        **({logo.name: logo.content} if logo else {}),
    }


@functools.cache
def _made(accent: str, logo: Logo | None) -> Assets:
    return Assets(own(accent, logo))


def _own_assets() -> Assets:
    return _made(host().accent, host().logo)


@blueprint.record
def _note_where(state: BlueprintSetupState) -> None:
    state.app.extensions[_EXTENSION] = f"{state.name_prefix}.{state.name}.file".lstrip(".")


@blueprint.get("/assets/<path:address>")
@public
def file(address: str) -> Response:
    return _own_assets().answer(address)


def url(name: str) -> str:
    """Return the address of the extension's file *name* in the application at work."""
    return url_for(current_app.extensions[_EXTENSION], address=_own_assets().address(name))


def vendored() -> dict[str, bytes]:
    """Return htmx and its guard."""
    return {path.name: path.read_bytes() for path in sorted((FOLDER / "vendor").glob("*.js"))}


def stylesheet(path: Path, only: Container[str] | None = None) -> str:
    """The stylesheet at *path*, with those that it imports in their places, layers and media kept.

    :param only: the names of the imported ones that are wanted; all if None.
    """

    def imported(found: re.Match[str]) -> str:
        name, layer, media = found.groups()
        if only is not None and name not in only:
            return ""
        text = _understood(path.with_name(name).read_text(encoding="utf-8"), name)
        if layer:
            text = f"@layer {layer} {{\n{text}}}\n"
        return f"@media {media} {{\n{text}}}\n" if media else text

    return _understood(_CSS_IMPORT.sub(imported, path.read_text(encoding="utf-8")), path.name)


def host_stylesheet() -> str:
    """The stylesheet of the extension for a page of a host.

    A host's rules are in no layer, and come before all that are. So there are no layers here either: each of
    ours has a specificity of its own instead, in the same order, and each more than the rules of a host.
    No rule reaches out of the class ``mfa``, and a host sets the variables of tokens.css in a rule for that.
    Lengths in rem are those of the reader's choice, not of the host's root.
    """
    text = STYLE.read_text(encoding="utf-8")
    found = _CSS_LAYERS.search(text)
    layers = found[1].split(", ") if found else []
    parts = [_weighed(_read(HOST_STYLE.name), _CSS_HOSTS_IDS)]
    for name, layer, media in _CSS_IMPORT.findall(text):
        rank = layers.index(layer)
        # The variables come first, and are as weak as a rule can be.
        part = _weighed(_read(name), _CSS_HOSTS_IDS + rank if rank else 0)
        parts.append(f"@media {media} {{\n{part}}}\n" if media else part)
    # Of all its rules this one wins; "medium" is what the reader has chosen.
    parts.append(_weighed(f"{_CSS_ROOT} {{ font-size: medium; }}\n", _CSS_HOSTS_IDS + len(layers)))
    return "".join(parts)


def _read(name: str) -> str:
    return _understood(STYLE.with_name(name).read_text(encoding="utf-8"), name)


def _weighed(css: str, ids: int) -> str:
    """Return *css* with rules that count as if they named *ids* ids; as weak as before if that is 0."""
    root = f".mfa{':not(#_)' * ids}" if ids else _CSS_ROOT
    return _CSS_REM.sub(r"calc(\1 * var(--mfa-rem))", css.replace(_CSS_ROOT, root))


def host_script() -> str:
    """The module of the extension for a page of a host, with an htmx of its own.

    A name of the top level of a module is no global: an htmx of the host stays the one that its page knows.
    """
    files = vendored()
    parts = (
        script(HOST_SCRIPT.with_name("alone.js")),
        files["htmx.min.js"].decode(),
        script(HOST_SCRIPT.with_name("scope.js")),
        files["hx-csp.min.js"].decode(),
        script(HOST_SCRIPT),
    )
    return "".join(f"{part.rstrip()}\n" for part in parts)


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
    modules[path] = _understood(_JS_COMMENT.sub("", _JS_EXPORT.sub("", _JS_IMPORT.sub("", text))), path.name)


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
