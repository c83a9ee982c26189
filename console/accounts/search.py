"""By what an account is found and sorted in a list: its name and address, without regard to case."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from mfa.typed import without_marks

LONGEST_TEXT = 100
"""Characters of a search; what comes after them is ignored."""


class _Place(GenericFunction[int]):
    """Where a text begins in another, from 1; 0 if it is not there.

    PostgreSQL looks for it in two thirds of the time that LIKE takes, and no sign has a meaning of its own.
    """

    name = "strpos"
    type = Integer()
    inherit_cache = True


@compiles(_Place, "sqlite")
def _in_sqlite(place: _Place, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr{compiler.process(place.clause_expr, **options)}"


def has(column: SQLColumnExpression[str], text: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition that *text* stands somewhere in *column*, a key; it was folded (:func:`fold`)."""
    return _Place(column, text) > 0


def typed(text: str) -> str:
    """Return what somebody typed into a field that searches, as it is searched for."""
    return without_marks(text[: 4 * LONGEST_TEXT]).replace("\0", "").strip()[:LONGEST_TEXT]


def fold(text: str) -> str:
    """Return *text* without regard to case; bound its length before."""
    return unicodedata.normalize("NFC", text.casefold())


def key(name: str, email_key: str) -> str:
    """Return the ``search_key`` of an account. It is set with each change of name or address."""
    return f"{fold(name)}\n{email_key}"
