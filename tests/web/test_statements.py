"""The statements that are made once, when their modules are imported."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import chain

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.lambdas import StatementLambdaElement
from sqlalchemy.types import NullType

import console
import mfa


def compiled() -> Iterator[tuple[str, SQLCompiler]]:
    ours = (pkgutil.walk_packages(each.__path__, f"{each.__name__}.") for each in (console, mfa))
    for found in chain(*ours):
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, (UpdateBase, Select, StatementLambdaElement)):
                made = value.compile(dialect=postgresql.dialect())
                assert isinstance(made, SQLCompiler)
                yield f"{found.name}.{name}", made


def test_every_value_has_the_type_of_its_column() -> None:
    """Without one the database guesses: it would take a moment for one of its own zone."""
    untyped = [
        f"{name}: {value.key}"
        for name, made in compiled()
        for value in made.binds.values()
        if isinstance(value.type, NullType)
    ]
    assert untyped == []


def test_what_is_returned_of_a_row_is_asked_of_that_row_alone() -> None:
    """A subquery there is bound to no row: with a column of the table it would ask of all of them."""
    returned = {name: str(made).partition("RETURNING")[2] for name, made in compiled()}
    assert [name for name, text in returned.items() if re.search(r"FROM \w+, \w+", text)] == []
