"""``python -m tests.support.reference``: write docs/reference.md from the docstrings of the public names."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blinker import NamedSignal

import mfa
from mfa import signals, testing

FILE = Path(__file__).resolve().parents[2] / "docs" / "reference.md"
CLASSES = (mfa.TwoStep, mfa.Required, mfa.Person, mfa.Accounts, mfa.FlaskLoginAccounts)
FUNCTIONS = (mfa.include_name, mfa.is_ours)
ERRORS = (mfa.SetUpWrong, mfa.Refusal, mfa.SignedOut)
_HEAD = """# Reference

Made by `make reference` from the docstrings of the names that `from mfa import …` gives.
[mounting.md](mounting.md) shows how to use them.
"""
_WIDEST = 100
"""Characters of a signature that stands on one line."""
_FIELD = re.compile(r"^:(param|raises) ?([^:]*):", re.MULTILINE)


def text() -> str:
    """Return the reference as Markdown."""
    parts = [_HEAD]
    for each in CLASSES:
        parts += _of_class(each)
    for each in FUNCTIONS:
        parts += _entry(
            f"## {each.__name__}", f"{each.__name__}{_signature(each)}", inspect.getdoc(each) or ""
        )
    parts += ["## testing\n", _markdown(inspect.getdoc(testing) or "")]
    parts += _entry(
        "### testing.activate",
        f"activate{_signature(testing.activate)}",
        inspect.getdoc(testing.activate) or "",
    )
    parts += _of_class(testing.SecondStep, heading="### testing.SecondStep")
    parts += ["## Errors\n"]
    for error in ERRORS:
        parts += [f"### {error.__name__}\n", _markdown(inspect.getdoc(error) or "")]
    parts += ["## Signals\n", _markdown(inspect.getdoc(signals) or ""), _signals()]
    return "\n".join(parts)


def _of_class(cls: type[Any], heading: str = "") -> Iterator[str]:
    said = inspect.getdoc(cls) or ""
    yield from _entry(heading or f"## {cls.__name__}", f"{cls.__name__}{_signature(cls)}", said)
    attributes = _attributes(cls)
    for name, member in vars(cls).items():
        if name.startswith("_"):
            continue
        below = f"### {cls.__name__}.{name}"
        if name in attributes and not callable(member):
            yield from (f"{below}\n", _markdown(attributes[name]))
        elif isinstance(member, property):
            yield from (f"{below}\n", _markdown(inspect.getdoc(member) or ""))
        else:
            function = getattr(cls, name)
            # A method that says nothing of its own does what its base says.
            if inspect.isfunction(function) and function.__doc__:
                yield from _entry(below, f"{name}{_signature(function)}", inspect.getdoc(function) or "")


def _entry(heading: str, signature: str, said: str) -> Iterator[str]:
    yield f"{heading}\n"
    yield f"```python\n{signature}\n```\n"
    yield _markdown(said)


def _attributes(cls: type[Any]) -> dict[str, str]:
    """Return the texts that stand below the attributes of a class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for line, below in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(line, ast.Assign)
            and isinstance(line.targets[0], ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[line.targets[0].id] = inspect.cleandoc(str(below.value.value))
    return found


def _signature(made: Any) -> str:
    signature = inspect.signature(made)
    given: list[str] = []
    named = False
    for one in signature.parameters.values():
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not named:
            named = True
            given.append("*")
        told = f"{one.name}: {one.annotation}"
        given.append(told if one.default is one.empty else f"{told} = {_value(one.default)}")
    returned = signature.return_annotation
    end = "" if inspect.isclass(made) else f" -> {returned}"
    line = f"({', '.join(given)}){end}"
    if len(line) <= _WIDEST:
        return line
    return "(\n" + "".join(f"    {each},\n" for each in given) + f"){end}"


def _value(value: object) -> str:
    if inspect.isfunction(value):
        return f"{value.__module__}.{value.__name__}"
    return re.sub(r"^datetime\.", "", repr(value))


def _signals() -> str:
    rows = [
        f"| `signals.{name}` | {_inline(' '.join((signal.__doc__ or '').split()))} |\n"
        for name, signal in vars(signals).items()
        if isinstance(signal, NamedSignal)
    ]
    return "| signal | sent when |\n| --- | --- |\n" + "".join(rows)


def _markdown(said: str) -> str:
    """Return a docstring as Markdown, with its fields as a list."""
    first = _FIELD.search(said)
    prose, fields = (said[: first.start()], said[first.start() :]) if first else (said, "")
    made = _inline(prose.strip()) + "\n"
    items = []
    while fields:
        field = _FIELD.match(fields)
        assert field, fields
        rest = fields[field.end() :]
        # A field ends where the next begins, or with an empty line.
        end = min(
            (found.start() for found in [_FIELD.search(rest), re.search(r"\n\n", rest)] if found),
            default=None,
        )
        words = _inline(" ".join(rest[:end].split()))
        kind, names = field[1], ", ".join(f"`{name.strip().split('.')[-1]}`" for name in field[2].split(","))
        start = (
            f"- {names}: {words}" if kind == "param" else f"- raises {names}{': ' if words else ''}{words}"
        )
        items.append(textwrap.fill(start, 118, subsequent_indent="  ", break_on_hyphens=False) + "\n")
        fields = rest[end:].strip() if end is not None else ""
        if fields and not _FIELD.match(fields):
            made += "\n" + _inline(fields) + "\n"
            fields = ""
    return made + ("\n" + "".join(items) if items else "")


def _inline(prose: str) -> str:
    prose = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", prose)
    return prose.replace("``", "`")


def main() -> None:
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
