"""What another site can make a browser post, with its cookies and without the CSRF token, changes nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.routing import AnyConverter, BaseConverter

from tests.support.database import dump
from tests.support.person import Person

READS = {"GET", "HEAD", "OPTIONS"}
OPEN = {"reports.take"}
"""What takes a post without a token: browsers send reports by themselves, and nothing is stored of them."""
OF_STRANGERS = {
    "/sign-in",
    "/sign-in/verify",
    "/sign-in/verify/confirm",
    "/sign-in/verify/passkey",
    "/account/two-step/recover/lost",
    "/account/two-step/recover/lost/number",
}
"""The steps of somebody who is not signed in lead who is to the start, before anything else."""


def doors(app: Flask) -> list[tuple[str, str]]:
    """Return the address and method of every route that may change something."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if rule.endpoint in OPEN:
                continue
            values = {name: _some(kind) for name, kind in rule._converters.items()}
            found += [(rule.build(values)[1], method) for method in (rule.methods or set()) - READS]
    return found


def _some(kind: BaseConverter) -> str:
    """Return a value that a part of an address may have."""
    return min(kind.items) if isinstance(kind, AnyConverter) else "1"


@pytest.mark.parametrize("token", [{}, {"csrf_token": "forged"}], ids=["none", "forged"])
def test_nobody_who_is_signed_in_is_made_to_change_anything(
    app: Flask, protected: Person, engine: Engine, token: dict[str, str]
) -> None:
    # A mail from before may be leaving just now.
    app.extensions["mfa_mail_worker"].stop()
    before = dump(engine, without={"sessions.seen_at"})
    fields = {"email": "a@example.com", **token}
    tried = {
        (path, method): protected.client.open(path, method=method, data=fields).status_code
        for path, method in doors(app)
    }
    assert len(tried) > 60
    for (path, method), status in tried.items():
        assert status == (303 if path in OF_STRANGERS else 400), f"{method} {path}"
    assert dump(engine, without={"sessions.seen_at"}) == before
