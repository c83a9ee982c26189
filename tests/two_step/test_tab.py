"""What the tab and the notice after sign-in say when recovery codes run out, or somebody used one."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import Engine, select, update

from mfa.enrollment import rules
from mfa.factors.models import RecoveryCode
from tests.support.clock import Clock
from tests.support.person import Person

TAB = "/account/two-step"
USED = "A recovery code was last used on"


def use_up(engine: Engine, left: int) -> None:
    """Leave so many recovery codes, the others used a while ago."""
    unused = select(RecoveryCode.id).order_by(RecoveryCode.id).limit(left)
    used = update(RecoveryCode).where(RecoveryCode.id.not_in(unused))
    with engine.begin() as connection:
        connection.execute(used.values(used_at=datetime(2026, 11, 20, 8, 30, tzinfo=UTC)))


def tab_of(person: Person) -> str:
    return unescape(person.get(TAB).text)


@pytest.mark.parametrize("left", [0, 1, 2, 3, 4, 10])
def test_the_line_with_the_count_is_always_the_same(protected: Person, engine: Engine, left: int) -> None:
    use_up(engine, left)
    assert f"{left} of 10 recovery codes left" in tab_of(protected)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (3, "Only 3 recovery codes are left. Reissue them before they run out."),
        (2, "Only 2 recovery codes are left. Reissue them before they run out."),
        (1, "Only 1 recovery code is left. Reissue them before none is."),
        (0, "No recovery codes are left. Reissue them now: without one, a lost phone locks you out."),
    ],
)
def test_it_says_what_to_do_when_codes_run_out(
    protected: Person, engine: Engine, left: int, said: str
) -> None:
    use_up(engine, left)
    assert said in tab_of(protected)


def test_it_warns_of_nothing_while_four_are_left(protected: Person, engine: Engine) -> None:
    use_up(engine, 4)
    assert "Only" not in tab_of(protected)


def test_it_says_nothing_of_use_while_none_was_used(protected: Person) -> None:
    assert USED not in tab_of(protected)


def test_it_says_when_a_code_was_last_used_and_what_to_do(protected: Person, clock: Clock) -> None:
    protected.sign_out()
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    clock.advance(days=1)
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[1])
    said = tab_of(protected).partition(USED)[2]
    assert 'datetime="2026-11-25T' in said
    assert 'href="/account/two-step/move"' in said
    assert 'href="/account/password"' in said


def test_after_a_reissue_it_says_nothing_of_the_codes_before(protected: Person, engine: Engine) -> None:
    use_up(engine, 5)
    protected.prove_password("reissue")
    protected.post("/account/two-step/reissue/recovery-codes", {"saved": "y"})
    assert USED not in tab_of(protected)


def test_the_moment_is_one_in_utc(protected: Person, engine: Engine) -> None:
    use_up(engine, 5)
    with protected.app.app_context():
        state = rules.state(1)
    assert state.code_used_at
    assert state.code_used_at.isoformat() == "2026-11-20T08:30:00+00:00"


def test_after_a_sign_in_by_recovery_code_the_notice_offers_to_move(protected: Person) -> None:
    protected.sign_out()
    protected.sign_in()
    protected.verify_recovery_code(protected.recovery_codes[0])
    text = protected.get("/", headers={"HX-Request": ""}).text
    assert "9 of 10 recovery codes left." in text
    assert '<a href="/account/two-step/move">Move to a new phone</a>' in text
