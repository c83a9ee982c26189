"""The static files: put together, compressed ahead of time, each at an address for good."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from console.web.assets import serve
from mfa.web import assets
from tests.support.pages import static_files

ROOT = Path(__file__).resolve().parent.parent.parent
ACCENT = "#3552bc"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def page_files(client: FlaskClient) -> list[str]:
    """The static files of the sign-in page."""
    return static_files(client.get("/sign-in").text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sources of a small site."""
    sources = {
        "css/main.css": '@layer base, more;\n@import url("base.css") layer(base);\n'
        '@import url("print.css") layer(more) print;\n',
        "css/base.css": "p { margin: 0; }\n",
        "css/print.css": "p { color: black; }\n",
        "js/app.js": 'import "./one.js";\nimport { two } from "./two.js";\n\ntwo("app");\n',
        "js/one.js": 'import { two } from "./two.js";\n\ntwo("one");\n',
        "js/two.js": "export const two = (text) => console.log(text);\n",
    }
    for name, text in sources.items():
        path = tmp_path / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "static"


def site(folder: Path, accent: str = ACCENT) -> Flask:
    app = Flask("site", static_folder=None)
    serve(app, folder, accent=accent, logo=None)
    return app


def address(app: Flask, name: str) -> str:
    with app.test_request_context():
        return str(app.jinja_env.globals["static_url"](name))


# How they are put together


def test_an_import_is_replaced_by_what_it_names_in_its_layer_and_medium(folder: Path) -> None:
    assert assets.stylesheet(folder / "css/main.css") == (
        "@layer base, more;\n"
        "@layer base {\np { margin: 0; }\n}\n\n"
        "@media print {\n@layer more {\np { color: black; }\n}\n}\n\n"
    )


def test_modules_stand_in_the_order_in_which_a_browser_would_run_them(folder: Path) -> None:
    assert assets.script(folder / "js/app.js") == (
        'const two = (text) => console.log(text);\n\ntwo("one");\n\ntwo("app");\n'
    )


def test_a_name_that_two_modules_declare_stops_the_start(folder: Path) -> None:
    (folder / "js/one.js").write_text("const two = 2;\n")
    (folder / "js/app.js").write_text('import "./one.js";\nimport "./two.js";\n')
    with pytest.raises(assets.BadAsset, match=r"two stands in one\.js and in two\.js"):
        site(folder)


@pytest.mark.parametrize(
    "line",
    [
        'import * as two from "./two.js";',
        'import two from "./two.js";',
        'import "https://other.example/two.js";',
        "export default two;",
        'export * from "./two.js";',
    ],
)
def test_an_import_of_an_unknown_kind_stops_the_start(folder: Path, line: str) -> None:
    (folder / "js/app.js").write_text(f"{line}\n")
    with pytest.raises(assets.BadAsset, match=r"app\.js has an import"):
        site(folder)


def test_a_stylesheet_imported_in_an_unknown_way_stops_the_start(folder: Path) -> None:
    (folder / "css/main.css").write_text('@import "base.css";\n')
    with pytest.raises(assets.BadAsset, match=r"main\.css has an import"):
        site(folder)


def test_every_stylesheet_and_every_module_of_ours_is_served(
    client: FlaskClient, page_files: list[str]
) -> None:
    served = "".join(client.get(url).text for url in page_files)
    folders = (ROOT / "static", ROOT / "mfa/static/mfa")
    sources = [path for folder in folders for path in [*folder.glob("css/*.css"), *folder.glob("js/*.js")]]
    missing = {path.name for path in sources if last_rule(path) not in served}
    for_hosts = {"alone.js", "scope.js", "host.js", "nonces.js", "place.js", "opener.js", "host.css"}
    assert missing - for_hosts == {"main.css", "mfa.css", "app.js", "mfa.js"}


def last_rule(path: Path) -> str:
    """Return the last line of *path* that is more than a bracket."""
    lines = [line.strip("{}();").strip() for line in path.read_text().split("\n")]
    return next(line for line in reversed(lines) if line).removeprefix("export ")


def test_files_of_the_extension_stand_alone() -> None:
    own = assets.Assets(assets.own())
    names = ["mfa.css", "host.css", "mfa.js", "host.js", "htmx.min.js", "hx-csp.min.js"]
    assert [own.address(name).rpartition(".")[2] for name in names] == ["css", "css", "js", "js", "js", "js"]


def test_stylesheet_of_the_extension_is_in_its_layer_and_below_its_class() -> None:
    """A host's elements keep their looks, and its rules win over ours."""
    for path in set(assets.STYLE.parent.glob("*.css")) - {assets.STYLE}:
        outer = set(re.findall(r"^([:@.\w][^{]*?) \{", path.read_text(), re.MULTILINE))
        allowed = {
            rule for rule in outer if rule.startswith(("@media", "@keyframes mfa-", "@property --mfa-"))
        }
        assert outer - allowed == {":where(.mfa)"}, path.name
    imports = [line for line in assets.STYLE.read_text().split("\n") if line.startswith("@import")]
    assert imports
    assert all("layer(mfa." in line for line in imports)


# Their addresses


def test_every_file_that_a_page_names_has_a_hash_in_its_address(page_files: list[str]) -> None:
    assert len(page_files) == 4
    assert [
        url for url in page_files if not re.fullmatch(r"/static/[\w.-]+\.[0-9a-f]{12}\.(css|js)", url)
    ] == []


@pytest.mark.parametrize(
    ("changed", "served"), [("css/base.css", "main.css"), ("js/two.js", "app.js"), ("js/app.js", "app.js")]
)
def test_a_changed_source_changes_the_address_of_its_file_alone(
    folder: Path, changed: str, served: str
) -> None:
    names = ["main.css", "app.js", "htmx.min.js"]
    before = [address(site(folder), name) for name in names]
    (folder / changed).write_text((folder / changed).read_text() + "/* changed */\n")
    after = [address(site(folder), name) for name in names]
    assert [name for name, old, new in zip(names, before, after, strict=True) if old != new] == [served]


def test_another_accent_is_another_stylesheet(folder: Path) -> None:
    assert address(site(folder), "main.css") != address(site(folder, accent="#00ff88"), "main.css")


def test_under_another_hash_a_file_is_not_kept(client: FlaskClient, page_files: list[str]) -> None:
    for url in page_files:
        other = client.get(re.sub("[0-9a-f]{12}", "0123456789ab", url))
        assert other.status_code == 200
        assert other.headers["Cache-Control"] == "public, no-store"
        assert "Set-Cookie" not in other.headers


@pytest.mark.parametrize(
    "url", ["main.css", "css/main.css", "js/app.js", "vendor/htmx.min.js", "", "../app.py"]
)
def test_without_a_hash_nothing_is_found(client: FlaskClient, url: str) -> None:
    assert client.get(f"/static/{url}").status_code == 404


# How they are answered


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("br;q=0, *", "gzip"),
        ("identity, br;q=0.5", None),
        ("br;q=0, gzip;q=0", None),
        ("deflate", None),
        ("*;q=0", None),
        ("", None),
    ],
)
def test_a_file_comes_in_the_coding_that_is_asked_for(
    client: FlaskClient, page_files: list[str], accepted: str, coding: str | None
) -> None:
    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    for url in page_files:
        response = client.get(url, headers={"Accept-Encoding": accepted})
        assert response.headers.get("Content-Encoding") == coding
        assert decode(response.data) == client.get(url).data


def test_a_file_may_be_kept_for_a_year_by_everybody(client: FlaskClient, page_files: list[str]) -> None:
    for url in page_files:
        headers = client.get(url).headers
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in headers


@pytest.mark.parametrize(("ending", "mimetype"), [("css", "text/css"), ("js", "text/javascript")])
def test_a_file_says_what_it_is(
    client: FlaskClient, page_files: list[str], ending: str, mimetype: str
) -> None:
    found = [client.get(url).content_type for url in page_files if url.endswith(ending)]
    assert set(found) == {f"{mimetype}; charset=utf-8"}


def test_a_file_that_the_browser_has_is_not_sent_again(client: FlaskClient, page_files: list[str]) -> None:
    asked = {"Accept-Encoding": "br"}
    for url in page_files:
        first = client.get(url, headers=asked)
        again = client.get(url, headers={**asked, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Vary"] == "Accept-Encoding"


def test_each_coding_has_an_etag_of_its_own(client: FlaskClient, page_files: list[str]) -> None:
    etags = [
        client.get(page_files[0], headers={"Accept-Encoding": coding}).headers["ETag"]
        for coding in ("br", "gzip", "identity")
    ]
    assert len(set(etags)) == 3


def test_a_page_is_never_compressed(client: FlaskClient) -> None:
    """Its length would tell of the token in it (BREACH)."""
    response = client.get("/sign-in", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in response.headers


# Two versions side by side


def test_each_version_answers_for_the_files_of_the_other(folder: Path) -> None:
    older = site(folder)
    (folder / "css/base.css").write_text("p { margin: 1px; }\n")
    (folder / "js/two.js").write_text("export const two = (text) => console.warn(text);\n")
    newer = site(folder)
    for page, server in ((newer, older), (older, newer)):
        for name in ("main.css", "app.js", "htmx.min.js"):
            own = server.test_client().get(address(server, name))
            other = server.test_client().get(address(page, name))
            assert other.status_code == 200
            assert (other.data, other.content_type) == (own.data, own.content_type)


def test_nobody_keeps_a_file_under_the_name_of_another_version(folder: Path) -> None:
    older = site(folder)
    (folder / "css/base.css").write_text("p { margin: 1px; }\n")
    newer = site(folder)
    url = address(newer, "main.css")
    headers = older.test_client().get(url).headers
    assert "no-store" in headers["Cache-Control"]
    assert "max-age" not in headers["Cache-Control"]
    assert "immutable" not in headers["Cache-Control"]
    assert "ETag" not in headers
    assert newer.test_client().get(url).headers["Cache-Control"].endswith("immutable")


@pytest.mark.parametrize(
    "name", ["main.css", "other.0123456789ab.css", "main.0123.css", "main.0123456789ab.js"]
)
def test_what_no_version_has_is_not_found(folder: Path, name: str) -> None:
    assert site(folder).test_client().get(f"/static/{name}").status_code == 404
