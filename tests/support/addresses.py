"""Addresses of routes, with something in the place of each argument."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter, Rule
from werkzeug.routing.converters import AnyConverter


def address(rule: Rule) -> str:
    """Return one address that *rule* is for."""
    built = rule.build({name: _example(rule, name) for name in rule.arguments})
    assert built
    return built[1]


def _example(rule: Rule, name: str) -> object:
    converter = rule._converters.get(name)
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    if isinstance(converter, IntegerConverter):
        return 1
    return "css/base.css" if name == "filename" else "x"
