"""Keys, codes and numbers are left alone by a browser that translates the page, and by a mail program."""

from __future__ import annotations

import re

from tests.support.person import PASSWORD, Person

UNTRANSLATED = r'<[a-z]+ [^>]*translate="no"[^>]*>\s*(?:<li>|<span>)?'


def stands_untranslated(text: str, page: str) -> bool:
    """Return True if the first element around *text*, or the list around that, is not to be translated."""
    return re.search(UNTRANSLATED + re.escape(text), page) is not None


def test_the_setup_key_and_the_recovery_codes_are_not_translated(person: Person) -> None:
    mina = person.sign_up().begin().verify_email()
    key = re.findall(r'id="setup-key"[^>]*><span>([A-Z2-7]{4})</span>', mina.page)[0]
    assert stands_untranslated(key, mina.page)
    mina.scan().enter_code()
    code = re.findall(r"<li>([0-9A-Z-]{19})</li>", mina.page)[0]
    assert stands_untranslated(code, mina.page)
    paper = mina.get("/account/two-step/enroll/recovery-codes/print").text
    assert stands_untranslated(code, paper)


def test_the_mailed_number_is_not_translated(person: Person) -> None:
    mina = person.sign_up().begin()
    mina.post("/account/two-step/enroll/email/send", follow_redirects=True)
    letter = mina.inbox.wait_for("authentication number")
    assert stands_untranslated(letter.number, letter.html)
    mina.client.delete_cookie(mina.app.config["SESSION_COOKIE_NAME"], domain="127.0.0.1")
    assert stands_untranslated(letter.number, mina.get(letter.path).text)


def test_the_reissued_codes_are_not_translated(person: Person) -> None:
    mina = person.sign_up().activate()
    mina.get("/account/two-step/reissue")
    mina.post("/account/two-step/reissue", {"password": PASSWORD}, follow_redirects=True)
    code = re.findall(r"<li>([0-9A-Z-]{19})</li>", mina.page)[0]
    assert stands_untranslated(code, mina.page)
