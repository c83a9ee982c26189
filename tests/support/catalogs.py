"""The texts of the interface, gathered from code and templates, and the catalogs that translate them.

``make translations`` brings every catalog up to date: texts that are new stand in it untranslated, those that
are gone leave it.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from console.languages import SOURCE

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Part:
    """A part of the program with catalogs of its own.

    :param domain: the name of its catalogs; ``pyproject.toml`` says by it where the texts are.
    """

    domain: str
    folder: Path

    def __str__(self) -> str:
        return self.domain

    def path(self, code: str) -> Path:
        """Return where the catalog of a language is."""
        return self.folder / code / "LC_MESSAGES" / f"{self.domain}.po"


EXTENSION = Part("mfa", ROOT / "mfa" / "translations")
CONSOLE = Part("messages", ROOT / "console" / "translations")
PARTS = (EXTENSION, CONSOLE)


def gathered(part: Part) -> Catalog:
    """Every text of *part* that is marked for translation, with the files that it stands in."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    own = [mapping for mapping in mappings if mapping["domain"] == part.domain]
    catalog = Catalog(project="Twostep")
    found = extract_from_dir(
        ROOT,
        [(pattern, mapping["method"]) for mapping in own for pattern in mapping["pattern"]],
        keywords=DEFAULT_KEYWORDS,
        comment_tags=["Translators:"],
    )
    for path, _line, message, comments, context in sorted(found, key=lambda each: (each[0], each[1])):
        catalog.add(message, locations=[(path, 0)], auto_comments=comments, context=context)
    return catalog


def codes() -> list[str]:
    """The languages that there is a catalog of."""
    return sorted({path.parent.parent.name for part in PARTS for path in part.folder.glob("*/*/*.po")})


def read(part: Part, code: str) -> Catalog:
    with part.path(code).open("rb") as file:
        return read_po(file, locale=code)


def spoken(code: str) -> NullTranslations:
    """The texts of a language as the program reads them; those of English as they stand in the code."""
    texts = NullTranslations()
    if code == SOURCE:
        return texts
    for part in PARTS:
        with part.path(code).with_suffix(".mo").open("rb") as file:
            one = GNUTranslations(file)
        one.add_fallback(texts)
        texts = one
    return texts


def compiled(catalog: Catalog) -> bytes:
    """What the program reads of it."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def begin(code: str) -> None:
    """Make empty catalogs of a language that is new."""
    for part in PARTS:
        part.path(code).parent.mkdir(parents=True, exist_ok=True)
        part.path(code).touch()


def bring_up_to_date() -> None:
    """Rewrite every catalog; a text that moves from one part to another keeps its translation."""
    texts = {part: gathered(part) for part in PARTS}
    for code in codes():
        before = [read(part, code) for part in PARTS]
        for part in PARTS:
            _update(part.path(code), read(part, code), texts[part], before)


def _update(path: Path, catalog: Catalog, texts: Catalog, before: list[Catalog]) -> None:
    catalog.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    for message in catalog:
        if not any(message.string or ()):
            found = (each.get(message.id, message.context) for each in before)
            message.string = next((one.string for one in found if one and any(one.string or ())), "")
    with path.open("wb") as file:
        write_po(file, catalog, width=110, omit_header=False, include_lineno=False, sort_by_file=True)
    with path.open("rb") as file:
        path.with_suffix(".mo").write_bytes(compiled(read_po(file, locale=catalog.locale)))


if __name__ == "__main__":
    for new in sys.argv[1:]:
        begin(new)
    bring_up_to_date()
