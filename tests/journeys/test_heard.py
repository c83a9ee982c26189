"""What a screen reader is told: where the focus is, and what the page announces, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.visitor import EMAIL, PASSWORD, Visitor
from tests.support.expecting import expect
from tests.support.person import Person

pytestmark = pytest.mark.looks

RECORD = """
    window.heard = [];
    document.addEventListener("focusin", ({ target }) => heard.push(`focus ${target.id}`));
    const texts = new WeakMap();
    const listen = () => {
        for (const line of document.querySelectorAll("[role=status], [role=alert]")) {
            const before = texts.get(line);
            texts.set(line, line.textContent);
            // A region that comes with its text, or with the page, is not heard; nor is the same text again.
            const same = before === undefined || before === line.textContent;
            if (same || !line.textContent || document.readyState !== "complete") continue;
            heard.push(`says ${line.textContent}`);
        }
    };
    new MutationObserver(listen).observe(document, { subtree: true, childList: true, characterData: true });
    listen();
"""
WRONG = "The e-mail address or the password is not right."


def record(visitor: Visitor) -> None:
    """Begin to write down what is heard, on this page and the next ones."""
    visitor.page.context.add_init_script(RECORD)
    visitor.page.evaluate(RECORD)


def forget(visitor: Visitor) -> None:
    visitor.page.evaluate("heard.length = 0")


def announces(visitor: Visitor, text: str) -> list[str]:
    """Wait until *text* is announced, alone or after something else; return what had the focus before."""
    said = "text => heard.findIndex((one) => one.startsWith('says ') && one.endsWith(text))"
    visitor.page.wait_for_function(f"text => ({said})(text) >= 0", arg=text)
    heard: list[str] = visitor.page.evaluate(f"text => heard.splice(0, ({said})(text))", text)
    forget(visitor)
    return [one for one in heard if one.startswith("focus ")]


@pytest.fixture
def newcomer(make_visitor: Callable[..., Visitor], person: Person) -> Visitor:
    """Somebody with an account, at the sign-in page."""
    person.sign_up()
    visitor = make_visitor()
    record(visitor)
    visitor.open("/sign-in")
    return visitor


def test_each_refused_password_is_announced_after_the_focus(newcomer: Visitor) -> None:
    newcomer.type("Email", EMAIL)
    for _ in range(2):
        newcomer.type("Password", "wrong")
        forget(newcomer)
        newcomer.page.keyboard.press("Enter")
        assert announces(newcomer, WRONG)[-1] == "focus mfa-password"


def test_refused_field_is_described_by_its_sentence_when_left(newcomer: Visitor) -> None:
    """Described at once, it would be heard twice: with the focus, and from the announcer."""
    newcomer.type("Email", EMAIL)
    newcomer.type("Password", "wrong")
    newcomer.press("Sign in")
    announces(newcomer, WRONG)
    field = newcomer.page.get_by_label("Password", exact=True)
    expect(field).to_have_accessible_description("")
    newcomer.page.keyboard.press("Tab")
    expect(field).to_have_accessible_description(WRONG)


def test_empty_field_is_required_and_not_yet_invalid(newcomer: Visitor) -> None:
    email = newcomer.page.get_by_role("textbox", name="Email", exact=True)
    expect(email).to_have_attribute("aria-required", "true")
    assert email.evaluate("field => field.validity.valid")


def test_sign_out_is_announced_on_the_next_page(visitor: Visitor) -> None:
    record(visitor)
    visitor.sign_out()
    announces(visitor, "You are signed out.")


def test_sent_mail_is_announced_after_the_focus(visitor: Visitor) -> None:
    visitor.begin()
    record(visitor)
    visitor.send_number()
    assert announces(visitor, "or open the link. Both are good for 10 minutes.")[-1] == "focus mfa-number"


def test_step_after_code_that_submits_itself_is_announced(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("code")
    record(visitor)
    visitor.enter_code()
    assert announces(visitor, "Step 4 of 4. Save your recovery codes.")[-1] == "focus step-heading"


def test_second_step_of_sign_in_is_announced(protected_visitor: Visitor) -> None:
    protected_visitor.sign_out()
    record(protected_visitor)
    protected_visitor.fill("Email", EMAIL)
    protected_visitor.type("Password", PASSWORD)
    protected_visitor.page.keyboard.press("Enter")
    assert announces(protected_visitor, "2-step verification.")[-1] == "focus mfa-code"


def test_each_copy_is_announced(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("recovery")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    record(visitor)
    for _ in range(2):
        visitor.press("Copy to clipboard")
        announces(visitor, "Copied.")


def test_unticked_box_is_refused_aloud(at_step: Callable[..., Visitor]) -> None:
    visitor = at_step("recovery")
    record(visitor)
    visitor.page.locator("form:has([name=saved])").evaluate("form => form.requestSubmit()")
    assert announces(visitor, "Save the codes first, then tick this box.")[-1] == "focus mfa-saved"


def test_lost_connection_is_announced_in_the_modal(visitor: Visitor) -> None:
    visitor.begin()
    record(visitor)
    visitor.context.set_offline(True)
    visitor.press("Send authentication number")
    announces(visitor, "Connection lost. Check your connection and try again.")
    visitor.context.set_offline(False)


def test_saved_name_is_announced(visitor: Visitor) -> None:
    visitor.press("Account management")
    visitor.sees("Profile")
    record(visitor)
    visitor.press("Save")
    announces(visitor, "Saved.")


def test_nothing_around_a_heading_of_the_dialog_listens_to_clicks(visitor: Visitor) -> None:
    """Chromium tells a screen reader that all inside such an element is clickable."""
    visitor.press("Account management")
    visitor.sees("Profile")
    session = visitor.context.new_cdp_session(visitor.page)
    listeners = []
    for around in ("h3", "#account", ".dialog__main", ".dialog__body", "#account-dialog", "body"):
        found = session.send("Runtime.evaluate", {"expression": f"document.querySelector('{around}')"})
        asked = {"objectId": found["result"]["objectId"]}
        heard = session.send("DOMDebugger.getEventListeners", asked)["listeners"]
        listeners += [f"{around}: {one['type']}" for one in heard]
    assert "#account-dialog: close" in listeners
    assert [one for one in listeners if one.endswith(("click", "mousedown", "mouseup"))] == []
