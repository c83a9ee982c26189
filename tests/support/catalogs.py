"""The texts of the interface, gathered from code and templates, and the catalogs that translate them.

``make translations`` brings every catalog up to date: texts that are new stand in it untranslated, those that
are gone leave it.
"""

from __future__ import annotations

import tomllib
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from console.languages import SOURCE

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "console" / "translations"


def gathered() -> Catalog:
    """Every text that is marked for translation, with the files that it stands in."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    catalog = Catalog(project="Twostep")
    found = extract_from_dir(
        ROOT,
        [(mapping["pattern"], mapping["method"]) for mapping in mappings],
        keywords=DEFAULT_KEYWORDS,
        comment_tags=["Translators:"],
    )
    for path, _line, message, comments, context in sorted(found, key=lambda each: (each[0], each[1])):
        catalog.add(message, locations=[(path, 0)], auto_comments=comments, context=context)
    return catalog


def catalogs() -> dict[str, Path]:
    """The catalog of each language."""
    return {path.parent.parent.name: path for path in sorted(FOLDER.glob("*/LC_MESSAGES/messages.po"))}


def read(code: str) -> Catalog:
    with catalogs()[code].open("rb") as file:
        return read_po(file, locale=code)


def spoken(code: str) -> NullTranslations:
    """The texts of a language as the program reads them; those of English as they stand in the code."""
    if code == SOURCE:
        return NullTranslations()
    with catalogs()[code].with_suffix(".mo").open("rb") as file:
        return GNUTranslations(file)


def compiled(catalog: Catalog) -> bytes:
    """What the program reads of it."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def bring_up_to_date() -> None:
    for code, path in catalogs().items():
        catalog = read(code)
        catalog.update(gathered(), no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalog, width=110, omit_header=False, include_lineno=False, sort_by_file=True)
        path.with_suffix(".mo").write_bytes(compiled(read(code)))


if __name__ == "__main__":
    bring_up_to_date()
