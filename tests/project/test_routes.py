"""Every route says who may."""

from __future__ import annotations

from flask import Flask

from tests.organization.routes import ROUTES, WHO

ONLY_IN_DEVELOPMENT = {"mailbox.index", "mailbox.letter"}


def test_each_route_has_its_row(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    new = sorted(there - WHO.keys())
    assert not new, f"Add {', '.join(new)} to ROUTES in tests/organization/routes.py, under who may call it."
    gone = sorted(WHO.keys() - there - ONLY_IN_DEVELOPMENT)
    assert not gone, f"Take {', '.join(gone)} out of ROUTES in tests/organization/routes.py."
    assert len(WHO) == sum(len(endpoints.split()) for endpoints in ROUTES.values())
