"""Recovery codes as they are taken away: the file and the page to print."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.person import Person
from tests.two_step.test_wizard import ENROLL, walk_to

FILE = f"{ENROLL}/recovery-codes.txt"
PAPER = f"{ENROLL}/recovery-codes/print"


@pytest.mark.parametrize("url", [FILE, PAPER])
@pytest.mark.parametrize(
    "text",
    [
        "Twostep recovery codes",
        "Account: mina.park@example.com",
        "Made: November 24, 2026",
        "If you lose your phone, one of these opens your account",
        "Choose “Use a recovery code instead”.",
        "Keep them where only you can find them",
    ],
)
def test_it_says_whose_they_are_what_for_and_how(mina: Person, url: str, text: str) -> None:
    walk_to(mina, "recovery")
    assert text in mina.get(url).text


@pytest.mark.parametrize("url", [FILE, PAPER])
def test_it_names_the_page_where_they_are_used(mina: Person, url: str) -> None:
    walk_to(mina, "recovery")
    assert f"http://{mina.app.config['SERVER_NAME']}/sign-in" in mina.get(url).text


def test_every_line_of_the_file_ends_as_windows_wants_it(mina: Person) -> None:
    walk_to(mina, "recovery")
    text = mina.get(FILE).text
    assert text.count("\n") == text.count("\r\n") > 20
    assert text.endswith("\r\n")


def test_between_the_codes_in_the_file_there_is_nothing(mina: Person) -> None:
    walk_to(mina, "recovery")
    assert "\r\n".join(mina.recovery_codes) in mina.get(FILE).text


def test_the_page_has_every_code(mina: Person) -> None:
    walk_to(mina, "recovery")
    page = mina.get(PAPER).text
    assert [code for code in mina.recovery_codes if f"<li>{code}</li>" in page] == mina.recovery_codes


def test_the_page_is_kept_nowhere(mina: Person) -> None:
    walk_to(mina, "recovery")
    assert mina.get(PAPER).headers["Cache-Control"] == "no-store"


def test_the_page_exists_only_while_its_step_is_open(mina: Person) -> None:
    walk_to(mina, "code")
    assert "Twostep recovery codes" not in mina.get(PAPER).text


def test_after_complete_there_is_no_page(mina: Person) -> None:
    walk_to(mina, "recovery")
    mina.complete()
    assert mina.get(PAPER).status_code == 409


def test_the_page_of_a_reissue_has_the_new_codes(protected: Person) -> None:
    protected.prove_password("reissue")
    codes = protected.shown_codes()
    page = protected.get("/account/two-step/reissue/recovery-codes/print").text
    assert [code for code in codes if f"<li>{code}</li>" in page] == codes


def test_without_the_proof_of_a_reissue_there_is_no_page(protected: Person) -> None:
    answer = protected.get("/account/two-step/reissue/recovery-codes/print")
    assert "<li>" not in answer.text
    assert answer.status_code != 200


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("Twostep", "twostep-recovery-codes.txt"),
        ("Park & Partners", "park-partners-recovery-codes.txt"),
        ("두단계", "%EB%91%90%EB%8B%A8%EA%B3%84-recovery-codes.txt"),
        ("…", "recovery-codes.txt"),
    ],
)
def test_the_file_has_the_name_of_the_product(mina: Person, product: str, name: str) -> None:
    walk_to(mina, "recovery")
    own = mina.app.extensions["mfa_settings"]
    mina.app.extensions["mfa_settings"] = replace(own, product_name=product)
    given = mina.get(FILE).headers["Content-Disposition"]
    assert given == f"attachment; filename=recovery-codes.txt; filename*=UTF-8''{name}"
