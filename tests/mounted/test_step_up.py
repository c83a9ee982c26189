"""A form that came before the verification: not executed before it, not lost, and sent to no other place."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import request, session
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy import text
from werkzeug.test import TestResponse
from wtforms import StringField

from mfa import tidying
from mfa.requirement import held as forms
from tests.mounted.hosts import FORM, PASSWORD, Protected, Shop, Visitor, shops
from tests.support import passkeys
from tests.support.clock import Clock
from tests.support.crowd import at_once
from tests.support.software_authenticator import SoftwareAuthenticator

CONFIRM = "/account/two-step/confirm"
SEND = f"{CONFIRM}/form"
PAID = {"to": "Leo & Söhne", "amount": ["10", "20"], "password": "quiet otter weighs anchor"}
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://shop.example/payout?to=3", **FORM}


class PayoutForm(FlaskForm):
    to = StringField()


@pytest.fixture
def make_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    for make in shops(tmp_path):
        yield functools.partial(_with_views, make)


def _with_views(make: Callable[..., Shop], **more: Any) -> Shop:
    """Make a shop with two people, and with views that ask again."""
    shop = make(**more)
    shop.add()
    shop.add("leo@example.com")
    add_views(shop)
    add_tokens(shop)
    return shop


def add_views(shop: Shop) -> None:
    verified = shop.two_step.verified(timedelta(minutes=5))
    shop.app.extensions["paid"] = paid = []

    @shop.app.route("/payout", methods=["GET", "POST", "PUT", "DELETE"])
    @verified
    def payout() -> str:
        if request.method == "GET":
            return "pay whom?"
        paid.append((request.full_path, request.form.to_dict(flat=False), request.values.to_dict(flat=False)))
        return "paid"

    @shop.app.post("/payout/<int:number>/close")
    @verified
    def close(number: int) -> str:
        paid.append(number)
        return "closed"

    @shop.app.post("/guarded")
    @verified
    def guarded() -> Any:
        form = PayoutForm()
        if not form.validate_on_submit():
            return form.errors, 422
        paid.append(form.to.data)
        return "paid"

    @shop.app.post("/upload")
    @verified
    def upload() -> bytes:
        return request.get_data()

    @shop.app.route("/<path:anything>", methods=["POST"])
    @verified
    def anywhere(anything: str) -> str:
        paid.append(anything)
        return "paid"


def add_tokens(shop: Shop) -> None:
    """Views that give a CSRF token, or ask for one of the host's own."""
    verified = shop.two_step.verified(timedelta(minutes=5))

    @shop.app.get("/token")
    def token() -> str:
        return generate_csrf()

    @shop.app.post("/own")
    @verified
    def own() -> Any:
        return ("paid", 200) if request.form.get("_token") == session.get("_token") else ("forged", 403)

    @shop.app.get("/own-token")
    def own_token() -> str:
        session["_token"] = "0123"
        return "0123"


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


@pytest.fixture
def held(shop: Shop) -> Protected:
    return shop.protect(1)


@pytest.fixture
def payer(shop: Shop, held: Protected, clock: Clock) -> Visitor:
    """Signed in with a code, too long ago."""
    visitor = shop.visitor()
    visitor.sign_in(held.code)
    clock.advance(minutes=6)
    return visitor


def paid(shop: Shop) -> list[Any]:
    found: list[Any] = shop.app.extensions["paid"]
    return found


def waiting(shop: Shop) -> int:
    with shop.app.app_context(), shop.two_step.engine().connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM mfa_held_forms")) or 0)


def confirm(visitor: Visitor, ask: str, code: str) -> TestResponse:
    return visitor.post(ask, {"factor": "code", "code": code, "csrf_token": visitor.token(ask)})


def offered(page: TestResponse) -> tuple[str, dict[str, str]]:
    """Return where the form of a page goes, and its fields."""
    found = re.search(r'<form method="post" action="([^"]*)"', page.text)
    assert found, page.text[-3000:]
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', page.text[found.start() :])
    return html.unescape(found[1]), {name: html.unescape(value) for name, value in fields}


def send(visitor: Visitor, page: TestResponse) -> TestResponse:
    target, fields = offered(page)
    return visitor.post(target, fields)


# The way


def test_form_waits_and_is_sent_by_a_press(shop: Shop, payer: Visitor, held: Protected) -> None:
    answer = payer.post(
        "/payout?account=7", PAID, headers={**FORM, "Referer": "http://shop.example/payout?to=3"}
    )
    assert answer.status_code == 303
    assert answer.location.startswith(f"{CONFIRM}?next=/payout?to%3D3&form=")
    ask = payer.get(answer.location)
    assert "Nothing was sent yet." in ask.text
    onward = confirm(payer, answer.location, held.code)
    assert (onward.status_code, onward.location) == (303, answer.location.replace(CONFIRM, SEND))
    assert paid(shop) == []
    page = payer.get(onward.location)
    assert "Nothing was sent yet" in page.text
    assert 'href="/payout?to=3">Cancel' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert offered(page)[0] == "/payout?account=7"
    assert paid(shop) == []
    assert send(payer, page).text == "paid"
    fields = {"to": [PAID["to"]], "amount": ["10", "20"], "password": [PAID["password"]]}
    assert paid(shop) == [("/payout?account=7", fields, {"account": ["7"], **fields})]
    assert waiting(shop) == 0


def test_fields_come_to_no_page_again(payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", PAID).location
    pages = [
        payer.get(ask).text,
        confirm(payer, ask, held.code).text,
        payer.get(ask.replace(CONFIRM, SEND)).text,
    ]
    assert not any("otter" in page or "Leo" in page for page in pages)
    assert not any("otter" in str(cookie.value) for cookie in payer.client._cookies.values())


def test_fields_stay_sealed_in_the_database(shop: Shop, payer: Visitor) -> None:
    payer.post("/payout", PAID)
    with shop.app.app_context(), shop.two_step.engine().connect() as connection:
        row = connection.execute(text("SELECT * FROM mfa_held_forms")).one()
    assert b"otter" not in row.sealed
    assert b"payout" not in row.sealed


def test_nothing_is_sent_by_opening_the_pages(shop: Shop, payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", PAID).location
    confirm(payer, ask, held.code)
    page = ask.replace(CONFIRM, SEND)
    for _ in range(2):
        assert payer.get(page).status_code == 200
        assert payer.client.head(page).status_code == 200
        assert payer.get(ask).status_code == 200
    assert (paid(shop), waiting(shop)) == ([], 1)


def test_refused_code_keeps_the_form(payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", PAID).location
    wrong = payer.post(ask, {"factor": "code", "code": "000000", "csrf_token": payer.token(ask)})
    assert wrong.status_code == 422
    assert html.escape(ask) in wrong.text
    assert confirm(payer, ask, held.code).location == ask.replace(CONFIRM, SEND)


def test_recovery_code_confirms(shop: Shop, payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", PAID).location
    fields = {
        "factor": "recovery_code",
        "recovery_code": held.recovery_codes[0],
        "csrf_token": payer.token(ask),
    }
    assert send(payer, payer.get(payer.post(ask, fields).location)).text == "paid"
    assert len(paid(shop)) == 1


def test_password_confirms_where_it_is_off(shop: Shop, clock: Clock) -> None:
    visitor = shop.visitor()
    visitor.type_password()
    clock.advance(minutes=6)
    ask = visitor.post("/payout", PAID).location
    onward = visitor.post(ask, {"password": PASSWORD, "csrf_token": visitor.token(ask)})
    assert send(visitor, visitor.get(onward.location)).text == "paid"


def test_two_windows_keep_their_forms_apart(shop: Shop, payer: Visitor, held: Protected) -> None:
    one = payer.post("/payout", {"to": "one"}).location
    two = payer.post("/payout", {"to": "two"}).location
    confirm(payer, two, held.code)
    for ask in (one, two):
        assert send(payer, payer.get(ask.replace(CONFIRM, SEND))).text == "paid"
    assert [fields["to"] for _, fields, _ in paid(shop)] == [["one"], ["two"]]


def test_form_sent_by_htmx_leads_the_window(shop: Shop, payer: Visitor, held: Protected) -> None:
    answer = payer.post("/payout", PAID, headers=HTMX)
    ask = answer.headers["HX-Redirect"]
    assert (answer.status_code, answer.text) == (200, "")
    assert ask.startswith(f"{CONFIRM}?next=/payout?to%3D3&form=")
    told = payer.post(
        ask, {"factor": "code", "code": held.code, "csrf_token": payer.token(ask)}, headers=HTMX
    ).headers["HX-Redirect"]
    assert send(payer, payer.get(told)).text == "paid"
    assert len(paid(shop)) == 1


def test_host_page_of_the_form_is_found_without_a_referrer(payer: Visitor) -> None:
    assert payer.post("/payout/7/close").location.startswith(f"{CONFIRM}?next=/payout&form=")


def test_time_between_confirming_and_sending_asks_again(
    shop: Shop, payer: Visitor, held: Protected, clock: Clock
) -> None:
    ask = payer.post("/payout", PAID, headers={**FORM, "Referer": "http://shop.example/payout?to=3"}).location
    page = payer.get(confirm(payer, ask, held.code).location)
    clock.advance(minutes=6)
    target, fields = offered(page)
    again = payer.post(
        target, fields, headers={**FORM, "Referer": f"http://shop.example{ask.replace(CONFIRM, SEND)}"}
    )
    assert again.location == ask
    assert paid(shop) == []
    assert send(payer, payer.get(confirm(payer, again.location, held.code).location)).text == "paid"
    assert len(paid(shop)) == 1


# GET, HEAD and scripts


def test_get_comes_back_with_its_query(payer: Visitor, held: Protected) -> None:
    ask = payer.get("/payout?a=1&b=%2F%2Fevil").location
    assert confirm(payer, ask, held.code).location == "/payout?a=1&b=%2F%2Fevil"
    assert payer.client.head("/payout").status_code == 200


def test_head_is_led_as_a_get(shop: Shop, payer: Visitor) -> None:
    answer = payer.client.head("/payout?a=1")
    assert (answer.status_code, answer.location) == (303, f"{CONFIRM}?next=/payout?a%3D1")
    assert waiting(shop) == 0


SCRIPTS: list[dict[str, Any]] = [
    {"json": {"to": "Leo"}},
    {"data": PAID, "headers": {"Accept": "application/json", **FORM}},
    {"data": PAID, "headers": {"Accept": "*/*", "Sec-Fetch-Mode": "cors", **FORM}},
]


@pytest.mark.parametrize("more", SCRIPTS, ids=["json", "accepts json", "fetch"])
def test_script_is_told_where_to_confirm(shop: Shop, payer: Visitor, more: dict[str, Any]) -> None:
    answer = payer.client.post("/payout", **more)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "TwoStep")
    assert answer.json == {"error": "verification_required", "location": CONFIRM}
    assert answer.headers["Cache-Control"] == "no-store"
    assert (paid(shop), waiting(shop)) == ([], 0)


def test_page_that_a_script_fetches_as_one_is_led(payer: Visitor) -> None:
    answer = payer.get("/payout", headers={"Accept": "text/html, */*", "Sec-Fetch-Mode": "cors"})
    assert answer.location == f"{CONFIRM}?next=/payout"


# What can't wait


def assert_lost(visitor: Visitor, answer: TestResponse, shop: Shop) -> None:
    ask = answer.headers.get("HX-Redirect") or answer.location
    assert ask.endswith("form=lost")
    assert "can’t wait here" in visitor.get(ask).text
    assert (paid(shop), waiting(shop)) == ([], 0)


@pytest.mark.parametrize(
    "data",
    [{"to": "x" * forms.MOST_BYTES}, {"x" * forms.MOST_BYTES: "y"}, {"file": (BytesIO(b"x"), "x.txt")}],
    ids=["long value", "long name", "file"],
)
def test_long_form_and_file_are_refused_plainly(
    shop: Shop, payer: Visitor, held: Protected, data: dict[str, Any]
) -> None:
    answer = payer.post("/payout", data, headers={**FORM, "Referer": "http://shop.example/payout?to=3"})
    assert_lost(payer, answer, shop)
    assert confirm(payer, answer.location, held.code).location == "/payout?to=3"


def test_form_of_almost_that_length_waits(shop: Shop, payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", {"to": "x" * (forms.MOST_BYTES - 100)}).location
    assert send(payer, payer.get(confirm(payer, ask, held.code).location)).text == "paid"


def test_empty_file_field_is_no_file(shop: Shop, payer: Visitor) -> None:
    payer.post("/payout", {"to": "Leo", "file": (BytesIO(b""), "")})
    assert waiting(shop) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_methods_that_no_form_has_are_not_stored(shop: Shop, payer: Visitor, method: str) -> None:
    assert_lost(payer, payer.client.open("/payout", method=method, data={"to": "Leo"}, headers=HTMX), shop)


def test_other_body_is_not_stored(shop: Shop, payer: Visitor) -> None:
    answer = payer.client.post("/payout", data=b"to=Leo", content_type="text/plain", headers=FORM)
    assert_lost(payer, answer, shop)


def test_view_reads_the_raw_body_of_an_upload(shop: Shop, payer: Visitor, held: Protected) -> None:
    confirm(payer, CONFIRM, held.code)
    kind = "multipart/form-data; boundary=x"
    assert payer.client.post("/upload", data=b"raw", content_type=kind, headers=FORM).data == b"raw"


def test_many_forms_push_out_the_oldest(shop: Shop, payer: Visitor, held: Protected, clock: Clock) -> None:
    asks = []
    for number in range(forms.MOST_FORMS + 1):
        asks.append(payer.post("/payout", {"to": str(number)}).location)
        clock.advance(seconds=1)
    assert waiting(shop) == forms.MOST_FORMS
    confirm(payer, asks[0], held.code)
    assert payer.get(asks[0].replace(CONFIRM, SEND)).status_code == 409
    assert payer.get(asks[1].replace(CONFIRM, SEND)).status_code == 200


# Attacks


def test_form_of_another_site_is_not_stored(shop: Shop, payer: Visitor) -> None:
    assert_lost(payer, payer.post("/payout", PAID, headers={"Sec-Fetch-Site": "cross-site"}), shop)


EVIL = [
    "//evil.example/",
    "https://evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/%5C/evil.example\\",
    "javascript:alert(1)",
    "/\t/evil.example",
]


@pytest.mark.parametrize("target", EVIL)
def test_way_back_is_of_this_site_alone(payer: Visitor, held: Protected, target: str) -> None:
    ask = f"{CONFIRM}?{urlencode({'next': target})}"
    assert "evil" not in payer.get(ask).text
    assert confirm(payer, ask, held.code).location == "/"
    lost = f"{SEND}?{urlencode({'next': target, 'form': 'x'})}"
    assert 'href="/">Go back' in payer.get(lost).text


@pytest.mark.parametrize("page", ["http://evil.example/payout", "http://[evil", "//evil.example/x"])
def test_page_of_another_site_is_no_way_back(payer: Visitor, page: str) -> None:
    for header in ("Referer", "HX-Current-URL"):
        answer = payer.post("/payout", PAID, headers={**FORM, header: page})
        assert answer.location.startswith(f"{CONFIRM}?next=/payout&form=")


@pytest.mark.parametrize("path", ["//evil.example/pay", "/\\evil.example/pay", "/" + "x" * 600])
def test_path_of_a_form_leads_to_no_other_site(shop: Shop, payer: Visitor, path: str) -> None:
    answer = payer.client.post("/x", data=PAID, headers=FORM, environ_overrides={"PATH_INFO": path})
    if not answer.location.endswith("form=lost"):
        target, _ = offered(payer.get(answer.location.replace(CONFIRM, SEND)))
        assert target in {"/evil.example/pay", "/%5Cevil.example/pay"}
    assert paid(shop) == []


def test_form_goes_nowhere_but_where_it_was_sent(shop: Shop, payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout/7/close").location
    page = payer.get(confirm(payer, ask, held.code).location)
    _, fields = offered(page)
    for other in ("/payout/8/close", "/payout", "/payout/7/close?really=yes"):
        answer = payer.post(other, fields)
        assert answer.location.startswith(SEND)
        assert offered(payer.get(answer.location))[0] == "/payout/7/close"
    assert paid(shop) == []
    assert send(payer, page).text == "closed"
    assert paid(shop) == [7]


def test_form_is_sent_once(shop: Shop, payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", PAID).location
    page = payer.get(confirm(payer, ask, held.code).location)
    assert send(payer, page).text == "paid"
    again = send(payer, page)
    assert again.status_code == 303
    told = payer.get(again.location)
    assert told.status_code == 409
    assert "This was sent already" in told.text
    assert len(paid(shop)) == 1


def test_form_sent_many_times_at_once_is_executed_once(shop: Shop, payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", PAID).location
    target, fields = offered(payer.get(confirm(payer, ask, held.code).location))
    cookie = payer.kept()

    def press(_: int) -> int:
        visitor = shop.visitor()
        visitor.put_back(cookie)
        return visitor.post(target, fields).status_code

    assert sorted(at_once(press, 16)) == [200] + [303] * 15
    assert len(paid(shop)) == 1


def test_form_is_over_after_a_quarter_of_an_hour(
    shop: Shop, payer: Visitor, held: Protected, clock: Clock
) -> None:
    ask = payer.post("/payout", PAID).location
    clock.advance(minutes=14)
    page = payer.get(confirm(payer, ask, held.code).location)
    clock.advance(minutes=2)
    answer = send(payer, page)
    assert payer.get(answer.location).status_code == 409
    assert paid(shop) == []
    with shop.app.app_context():
        list(tidying.tidy())
    assert waiting(shop) == 0


def test_another_person_sends_nobodys_form(shop: Shop, payer: Visitor, held: Protected) -> None:
    target, fields = "/payout", {forms.FIELD: payer.post("/payout", PAID).location.rpartition("=")[2]}
    leo = shop.visitor()
    leo.type_password("leo@example.com")
    page = leo.get(f"{SEND}?form={fields[forms.FIELD]}")
    assert page.status_code == 409
    answer = leo.post(target, {**fields, "csrf_token": leo.get("/token").text})
    assert answer.location.startswith(SEND)
    assert (paid(shop), waiting(shop)) == ([], 1)


def test_another_person_in_the_same_browser_sends_it_neither(
    shop: Shop, payer: Visitor, held: Protected
) -> None:
    form = payer.post("/payout", PAID).location.rpartition("=")[2]
    payer.post("/logout")
    payer.type_password("leo@example.com")
    assert payer.get("/payout").text == "pay whom?"
    assert payer.get(f"{SEND}?form={form}").status_code == 409
    payer.post("/payout", {forms.FIELD: form, "csrf_token": payer.get("/token").text})
    assert paid(shop) == []


def test_other_session_of_the_person_sends_it_neither(
    shop: Shop, payer: Visitor, held: Protected, clock: Clock
) -> None:
    form = payer.post("/payout", PAID).location.rpartition("=")[2]
    other = shop.visitor()
    other.sign_in(held.code)
    assert other.get(f"{SEND}?form={form}").status_code == 409
    other.post("/payout", {forms.FIELD: form, "csrf_token": other.get("/token").text})
    assert (paid(shop), waiting(shop)) == ([], 1)


def test_passkeys_answer_confirms_in_the_session_that_asked_alone(
    make_shop: Callable[..., Shop], clock: Clock
) -> None:
    """The host can't tell its sessions apart."""
    shop = make_shop(settings={f"MFA_{name}": value for name, value in passkeys.SETTINGS.items()})
    held = shop.protect(1)
    key = SoftwareAuthenticator(passkeys.ORIGIN)
    passkeys.give(shop.app, "1", key)
    here, elsewhere = shop.visitor(), shop.visitor()
    here.sign_in(held.code)
    clock.advance(seconds=30)
    elsewhere.sign_in(held.code)
    fields = {"factor": "passkey", **passkeys.answer(key, here.get(CONFIRM).text, CONFIRM)}
    assert elsewhere.post(CONFIRM, {**fields, "csrf_token": elsewhere.token(CONFIRM)}).status_code == 422
    assert here.post(CONFIRM, {**fields, "csrf_token": here.token(CONFIRM)}).status_code == 303


@pytest.mark.parametrize("form", ["", "lost", "x" * 22, "' OR 1=1 --", "\0", "ü", "x" * 5000])
def test_made_up_form_is_no_form(shop: Shop, payer: Visitor, held: Protected, form: str) -> None:
    confirm(payer, CONFIRM, held.code)
    assert payer.get(f"{SEND}?{urlencode({'form': form})}").status_code == 409
    answer = payer.post("/payout", {forms.FIELD: form, "csrf_token": payer.get("/token").text})
    assert answer.location.startswith(SEND)
    assert paid(shop) == []


def test_changed_row_is_no_form(shop: Shop, payer: Visitor, held: Protected) -> None:
    ask = payer.post("/payout", PAID).location
    with shop.app.app_context(), shop.two_step.engine().begin() as connection:
        sealed = connection.scalar(text("SELECT sealed FROM mfa_held_forms"))
        connection.execute(text("UPDATE mfa_held_forms SET sealed = :it"), {"it": sealed[:-1] + b"\0"})
    assert payer.get(confirm(payer, ask, held.code).location).status_code == 409


@pytest.mark.parametrize("token", ["", "forged"])
def test_button_of_another_site_sends_nothing(
    shop: Shop, payer: Visitor, held: Protected, token: str
) -> None:
    ask = payer.post("/payout", PAID).location
    page = payer.get(confirm(payer, ask, held.code).location)
    target, fields = offered(page)
    answer = payer.post(target, {**fields, "csrf_token": token})
    assert answer.location.startswith(SEND)
    assert paid(shop) == []
    assert send(payer, payer.get(answer.location)).text == "paid"


# CSRF tokens of the host


def test_form_with_a_token_is_sent_with_one_of_now(
    shop: Shop, payer: Visitor, held: Protected, clock: Clock
) -> None:
    token = payer.get("/token").text
    clock.advance(minutes=55)
    ask = payer.post("/guarded", {"to": "Leo", "csrf_token": token}).location
    clock.advance(minutes=10)
    assert send(payer, payer.get(confirm(payer, ask, held.code).location)).text == "paid"
    assert paid(shop) == ["Leo"]


def test_form_with_its_token_in_a_header_is_sent_with_one_of_now(
    shop: Shop, payer: Visitor, held: Protected
) -> None:
    headers = {**HTMX, "X-CSRFToken": payer.get("/token").text}
    ask = payer.post("/guarded", {"to": "Leo"}, headers=headers).headers["HX-Redirect"]
    assert send(payer, payer.get(confirm(payer, ask, held.code).location)).text == "paid"


@pytest.mark.parametrize("token", [{}, {"csrf_token": "forged"}])
def test_form_without_a_token_of_its_own_gets_none(
    shop: Shop, payer: Visitor, held: Protected, token: dict[str, str]
) -> None:
    """Else the page would make a forged form a genuine one."""
    ask = payer.post("/guarded", {"to": "Eve", **token}).location
    answer = send(payer, payer.get(confirm(payer, ask, held.code).location))
    assert answer.status_code == 422
    assert "csrf_token" in answer.text
    assert paid(shop) == []


def test_host_that_asks_for_its_token_first_is_satisfied(
    make_shop: Callable[..., Shop], clock: Clock
) -> None:
    shop = make_shop(before_mounting=lambda shop: CSRFProtect(shop.app))
    held = shop.protect(1)
    for view in ("login", "logout"):
        shop.app.extensions["csrf"].exempt(shop.app.view_functions[view])
    payer = shop.visitor()
    payer.sign_in(held.code)
    clock.advance(minutes=6)
    assert payer.post("/payout", PAID).status_code == 400
    assert waiting(shop) == 0
    ask = payer.post("/payout", {**PAID, "csrf_token": payer.get("/token").text}).location
    assert send(payer, payer.get(confirm(payer, ask, held.code).location)).text == "paid"
    assert len(paid(shop)) == 1


def test_token_of_a_host_of_its_own_is_sent_as_it_was(shop: Shop, payer: Visitor, held: Protected) -> None:
    token = payer.get("/own-token").text
    asks = [payer.post("/own", {"to": "Leo", "_token": sent}).location for sent in (token, "4567")]
    confirm(payer, asks[0], held.code)
    answers = [send(payer, payer.get(ask.replace(CONFIRM, SEND))).text for ask in asks]
    assert answers == ["paid", "forged"]


# Not to be fooled


def test_old_cookie_is_worth_what_the_session_was(payer: Visitor, held: Protected, clock: Clock) -> None:
    ask = payer.get("/payout").location
    confirm(payer, ask, held.code)
    kept = payer.kept()
    clock.advance(minutes=6)
    payer.put_back(kept)
    assert payer.get("/payout").location == ask


def test_verification_of_another_person_is_none(shop: Shop, payer: Visitor, held: Protected) -> None:
    leos = shop.protect(2)
    confirm(payer, CONFIRM, held.code)
    with payer.client.session_transaction() as cookie:
        minas = cookie["two_step_verified"]
    payer.post("/logout")
    payer.type_password("leo@example.com")
    payer.type_code(leos.code)
    with payer.client.session_transaction() as cookie:
        cookie["two_step_verified"] = minas
    assert payer.get("/payout").status_code == 303


def test_verification_of_an_earlier_second_step_is_none(
    shop: Shop, payer: Visitor, held: Protected, clock: Clock
) -> None:
    confirm(payer, CONFIRM, held.code)
    assert payer.get("/payout").text == "pay whom?"
    with shop.app.app_context():
        shop.two_step.reset(shop.person(1), "op", "lost")
    clock.advance(seconds=2)
    shop.protect(1)
    assert payer.get("/payout").status_code == 303


def test_deleted_person_leaves_no_form(shop: Shop, payer: Visitor) -> None:
    payer.post("/payout", PAID)
    with shop.app.app_context():
        shop.two_step.forget(shop.person(1))
    assert waiting(shop) == 0
