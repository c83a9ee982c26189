"""PostgreSQL takes no zero byte in a text: a form or an address that brings one is answered as any other."""

from __future__ import annotations

import pytest

from tests.support.person import Person
from tests.support.product import TWO_STEP


@pytest.mark.parametrize("name", ["add", "remove", "move", "disable"])
def test_step_that_a_form_makes_up_has_ended(protected: Person, name: str) -> None:
    protected.get(TWO_STEP)
    answer = protected.post(
        f"{TWO_STEP}/{name}/verify", {"pending": "\0", "factor": "code", "code": protected.code()}
    )
    assert answer.status_code == 409
    assert protected.two_step_is_on()


def test_form_that_an_address_makes_up_is_no_form(protected: Person) -> None:
    assert protected.get(f"{TWO_STEP}/confirm/form?form=%00").status_code == 409
    protected.get(TWO_STEP)
    answer = protected.post("/account/sessions/end-others", {"two_step_form": "\0"})
    assert "/confirm/form?" in answer.headers["HX-Redirect"]
