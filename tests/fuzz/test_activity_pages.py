"""``?before=`` of the tab Activity: a page of events, whatever is asked for."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

from hypothesis import example, given, strategies as st

from tests.fuzz.inputs import THROUGH_APP, get, raw, texts, wrongs
from tests.support.person import Person

NUMBERS = st.integers(-(2**70), 2**70).map(str)


@THROUGH_APP
@given(before=st.one_of(NUMBERS, texts()).map(lambda text: text.encode("utf-8", "surrogatepass")) | raw)
@example(before=b"9223372036854775807")
@example(before=b"9223372036854775808")
@example(before=b"9" * 5000)
@example(before="١".encode())
@example(before=b"1_0")
def test_any_before_shows_a_page(mina: Person, before: bytes) -> None:
    url = f"/account/activity?before={quote_from_bytes(before, safe='')}"
    response = get(mina.app, url, f"twostep-session={mina.cookie()}")
    assert list(wrongs(response)) == []
    assert response.status_code == 200
