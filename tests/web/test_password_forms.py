"""Every form with a password names the account for password managers, in a field that Firefox looks at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = re.compile(r"\bfield\(form\.\w*password\b")
FORMS = sorted(
    path
    for folder in ("templates", "mfa/templates")
    for path in (ROOT / folder).rglob("*.html")
    if PASSWORD.search(path.read_text())
)


def test_forms_with_a_password_are_found() -> None:
    assert len(FORMS) > 6


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_account_stands_before_the_password(path: Path) -> None:
    """In a field of its own that is hidden, or in *Email* at sign-in."""
    text = path.read_text()
    password = PASSWORD.search(text)
    assert password
    form = text[text.rindex("<form", 0, password.start()) : password.start()]
    assert re.search(r"\{\{ (username\(|field\(form\.email\b)", form)


def test_hidden_account_is_of_the_type_that_counts() -> None:
    macro = re.search(
        r"macro username.*?\n(<input.*?>)", (ROOT / "mfa/templates/mfa/_fields.html").read_text()
    )
    assert macro
    assert 'type="text"' in macro[1]
    assert 'autocomplete="username"' in macro[1]
    assert re.search(r"\shidden\b", macro[1])
