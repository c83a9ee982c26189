"""What is pending in the session cookie: of this version and this session, or nothing at all.

Only the application can sign such a cookie; but another version of it may have, or another account's.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from tests.fuzz.inputs import QUICK, THROUGH_APP, wrongs
from tests.support.cookies import read_cookie
from tests.support.person import Person

FIELDS = [
    "id", "person", "session", "mark", "key", "started", "purpose",
    "sending", "sent", "email_verified", "verified", "scanned", "code_step",
]  # fmt: skip
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PURPOSE = st.sampled_from([purpose.value for purpose in Purpose])
SHAPED = st.fixed_dictionaries({**dict.fromkeys(FIELDS, JSON), "purpose": PURPOSE | JSON})
NEARLY = st.dictionaries(st.sampled_from([*FIELDS, "moves", "x"]), JSON, max_size=12)
NUMBER = st.integers(-(2**70), 2**70)
CHANGED = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=30),
        "person": st.text(max_size=70),
        "session": st.text(max_size=20),
        "mark": st.text(max_size=40),
        "started": NUMBER,
        "purpose": PURPOSE,
        "verified": st.booleans(),
        "sending": st.none() | st.text(max_size=30),
        "sent": NUMBER,
        "email_verified": st.booleans(),
        "scanned": st.booleans(),
        "code_step": st.none() | NUMBER,
    },
)
ENROLL = "/account/two-step/enroll"
PAGES = [
    "/account/two-step",
    ENROLL,
    f"{ENROLL}/email",
    f"{ENROLL}/email/wait",
    f"{ENROLL}/scan",
    f"{ENROLL}/code",
    f"{ENROLL}/recovery",
    f"{ENROLL}/recovery-codes.txt",
    "/account/two-step/disable/verify",
    "/account/two-step/move/verify",
    "/account/two-step/reissue/recovery-codes",
]


@QUICK
@given(st.one_of(JSON, SHAPED, NEARLY))
def test_any_json_is_something_pending_or_nothing(kept: Any) -> None:
    read = Pending.read(kept)
    assert read is None or read.to_cookie() == kept


@THROUGH_APP
@given(kept=st.one_of(JSON, SHAPED, NEARLY), url=st.sampled_from(PAGES))
def test_any_pending_thing_in_the_cookie_gets_a_calm_answer(mina: Person, kept: Any, url: str) -> None:
    with mina.client.session_transaction() as session:
        session["two_step_pending"] = kept
    assert list(wrongs(mina.get(url))) == []


@pytest.fixture
def begun(mina: Person) -> dict[str, Any]:
    """The activation of somebody who has just begun, as the cookie holds it."""
    mina.begin()
    kept: dict[str, Any] = read_cookie(mina.cookie())["two_step_pending"]
    return kept


@THROUGH_APP
@given(changed=CHANGED, url=st.sampled_from(PAGES))
def test_a_genuine_pending_thing_with_other_values_gets_a_calm_answer(
    mina: Person, begun: dict[str, Any], changed: dict[str, Any], url: str
) -> None:
    """As an old copy of the cookie has them, or one of another session: of the right kinds."""
    with mina.client.session_transaction() as session:
        session["two_step_pending"] = {**begun, **changed}
    assert list(wrongs(mina.get(url))) == []
