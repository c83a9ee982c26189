"""Step-up: ask for the second step again before a view of the host, if the last time was too long ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Response, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from mfa import accounts as adapters, clock, database
from mfa.accounts import Person
from mfa.crypto import ages
from mfa.database import transaction
from mfa.enrollment import forms as enrollment_forms, mailed_proof, proof, rules, slot
from mfa.enrollment.purposes import Purpose
from mfa.errors import Refusal
from mfa.factors import kinds as factors
from mfa.i18n import gettext
from mfa.people import rules as people
from mfa.requirement import held
from mfa.requirement.leading import TWO_STEP, VERIFICATION, is_for_data, lead, lead_to_sign_in
from mfa.sign_in import asking, verification
from mfa.sign_in.forms import FactorForm
from mfa.web import devices, errors, hx, layouts, ranges, visitor
from mfa.web.forms import Form
from mfa.web.host import host
from mfa.web.paths import local_path, page_of
from mfa.web.visitor import owner, person

blueprint = Blueprint("step_up", __name__)
_FORM = "form"
"""In an address: the id of the form that waits, or :data:`_LOST`."""
_LOST = "lost"
P = ParamSpec("P")


def verified(view: Callable[P, Any], within: timedelta) -> Callable[P, Any]:
    """Let only people into *view* who have shown their second step less than *within* ago."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            answer = _comes_first(within)
        finally:
            database.close()
        return view(*args, **kwargs) if answer is None else answer

    return checked


def _comes_first(within: timedelta) -> Response | None:
    """Return what is answered instead of the view; None if that may go on."""
    here = adapters.current()
    if here is None:
        return lead_to_sign_in()
    again = held.sent_again()
    if not _is_fresh(here, within):
        way, form = _on_the_way(here, again)
        return lead(url_for("two_step.step_up.ask", next=way, form=form), VERIFICATION)
    if again is None:
        return None
    try:
        held.restore(here, again, clock.now())
    except (held.Ended, CSRFError):
        # Its page says so, or offers it with a fresh token.
        return hx.leave(url_for("two_step.step_up.send", next=_page(), form=again))
    return None


def _on_the_way(person: Person, again: str | None) -> tuple[str | None, str | None]:
    """Return where the page that asks leads on to, and the form that waits: its id, or :data:`_LOST`."""
    if request.method in ("GET", "HEAD") and hx.wanted() and host().has_partials:
        # What htmx asks for there is a page of its own, too.
        return visitor.destination(), None
    if request.method in ("GET", "HEAD") or is_for_data():
        return visitor.whereabouts(), None
    try:
        return _page(), again or held.hold(person, clock.now())
    except held.CannotBeHeld:
        return _page(), _LOST


def _page() -> str | None:
    """Return the path of the page with the form that was sent; None if it is unknown."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    except ValueError:
        page = urlsplit("")
    if page.netloc == request.host:
        if page.path == url_for("two_step.step_up.send"):
            return local_path(parse_qs(page.query).get("next", [""])[0])
        return local_path(f"{page.path}?{page.query}" if page.query else page.path)
    try:
        endpoint, values, _ = page_of(request.path)
    except HTTPException:
        return None
    return local_path(url_for(endpoint, **values))


def _is_fresh(person: Person, within: timedelta) -> bool:
    """Return True if the second step or, where that is off, the password was shown less than *within* ago."""
    since = rules.state(person.id).since
    if since is None:
        at = adapters.accounts().proved_at()
    else:
        at = verification.last(person.id) if verification.is_since(person.id, since) else None
    return at is not None and ages.is_current(at.timestamp(), clock.now().timestamp(), within.total_seconds())


def protected(view: Callable[P, Any]) -> Callable[P, Any]:
    """Let only people into *view* whose 2-step verification is on."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            here = adapters.current()
            if here is None:
                return lead_to_sign_in()
            if not factors.is_on(here.id):
                return lead(url_for("two_step.manage.tab"), TWO_STEP)
        finally:
            database.close()
        return view(*args, **kwargs)

    return checked


slot.say_ends(blueprint, restart=False)


@blueprint.get("")
def ask() -> Response:
    return mailed_proof.show(_place()) if _is_by_mail() else _show(_form())


@blueprint.post("")
@ranges.guesses
def confirm() -> Response:
    """Check the factor or, where 2-step verification is off, the password or the mailed number."""
    if _is_by_mail():
        return mailed_proof.take(_place()) or _go_on()
    form = _form()
    field = form.chosen if isinstance(form, FactorForm) else form["password"]
    if not form.validate():
        return _show(form, errors.UNPROCESSABLE)
    try:
        if isinstance(form, FactorForm):
            _use_up(form.factor.data, field.data)
            verification.note(person().id, clock.now(), form.factor.data)
        else:
            proof.check_password(owner(), field.data, devices.here())
            adapters.accounts().note_proof(person())
    except factors.NotOn:
        return _show(_form(), errors.UNPROCESSABLE)
    except Refusal as error:
        return _show(form, errors.refuse(field, error))
    return _go_on()


@blueprint.post("/number")
@ranges.mails
def send_number() -> Response:
    """Mail the number that stands for a password where there is none."""
    return mailed_proof.send(_place()) if _is_by_mail() else hx.redirect(_url("ask"))


@blueprint.get("/form")
def send() -> Response:
    """Offer to send the form that waits. The view that it goes to asks again whether it may."""
    try:
        form = held.load(person(), request.args.get(_FORM, ""), clock.now())
    except held.Ended:
        form = None
    return hx.render(
        "mfa/requirement/_send.html",
        layouts.ACCOUNT,
        title=gettext("Nothing was sent yet") if form else gettext("This was sent already, or it is too old"),
        status=200 if form else 409,
        tab="two-step",
        form=form,
        field_name=held.FIELD,
        way_url=_way(),
    )


def _go_on() -> Response:
    return hx.leave(_url("send") if _waits() else _way())


def _way() -> str:
    return local_path(request.args.get("next")) or adapters.accounts().home_url()


def _waits() -> bool:
    return request.args.get(_FORM, _LOST) != _LOST


def _note() -> str:
    """Return what is said of a form that was sent too early; empty where there was none."""
    if _waits():
        return gettext("Nothing was sent yet. Once you have confirmed, you can send it as it is.")
    if _FORM in request.args:
        return gettext(
            "Nothing was sent, and it can’t wait here, because it holds a file or too much text. Once you"
            " have confirmed, send it from its page again."
        )
    return ""


def _is_by_mail() -> bool:
    return not factors.is_on(person().id) and not adapters.accounts().has_password(person())


def _place() -> mailed_proof.Place:
    needs = Purpose.PROVE.needs
    return mailed_proof.Place(
        heading=needs.title,
        lead=needs.lead,
        url=_url("confirm"),
        send_url=_url("send_number"),
        cancel_url=adapters.accounts().home_url(),
        note=_note(),
    )


def _url(view: str) -> str:
    way, form = local_path(request.args.get("next")), request.args.get(_FORM)
    return url_for(f"two_step.step_up.{view}", next=way, form=form)


def _form() -> Form:
    return FactorForm() if factors.is_on(person().id) else enrollment_forms.PasswordProofForm()


def _use_up(kind: str, typed: str) -> None:
    right = factors.check(kind, factors.Attempt(owner(), devices.here(), place=_place_of_passkey()), typed)
    with transaction():
        people.hold(owner())
        left = right.use_up()
        if left is not None:
            factors.tell_used(owner(), left, clock.now())


def _place_of_passkey() -> str:
    return asking.place("step-up")


def _show(form: Form, status: int = 200) -> Response:
    if isinstance(form, FactorForm):
        asking.offer(form, _place_of_passkey())
    return hx.render(
        "mfa/requirement/_confirm.html",
        layouts.ACCOUNT,
        title=gettext("Confirm it is you"),
        status=status,
        tab="two-step",
        form=form,
        email=person().label,
        by_factor=isinstance(form, FactorForm),
        action=_url("confirm"),
        cancel_url=adapters.accounts().home_url(),
        note=_note(),
    )
