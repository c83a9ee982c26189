"""Authenticators one by one: the ways into moving and adding them, and how they are removed and renamed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, url_for

from mfa import clock
from mfa.attempts import rules as attempts
from mfa.enrollment import authenticators, changes, forms, proof, rules, slot
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.errors import NotNow, Refusal
from mfa.factors import kinds as factors
from mfa.factors.models import APP, PASSKEY, Authenticator
from mfa.i18n import gettext
from mfa.manage import password
from mfa.manage.tab import back_to_tab, show_tab
from mfa.names import BadName
from mfa.requirement import step_up
from mfa.ring import ring
from mfa.sign_in import asking, verification
from mfa.web import devices, errors, hx, layouts, ranges, visitor
from mfa.web.visitor import owner, person

blueprint = Blueprint("authenticators", __name__)

slot.say_ends(blueprint, restart=False)


@blueprint.errorhandler(authenticators.LastOne)
@blueprint.errorhandler(authenticators.TooManyApps)
@blueprint.errorhandler(authenticators.TooManyPasskeys)
def _say_in_tab(error: Refusal) -> Response:
    """Show the tab, and why what it offered a moment ago can't be."""
    return show_tab(refused=error.sentence, status=409)


@blueprint.errorhandler(attempts.Throttled)
def _say_when(error: attempts.Throttled) -> Response:
    """Show the tab, and when to try again."""
    response = show_tab(refused=error.sentence, status=error.status)
    response.headers.update(error.headers)
    return response


# Move to a new phone: the password, then a factor, then the wizard


@blueprint.get("/move")
@blueprint.get("/move/<int:target>")
def move(target: int | None = None) -> Response:
    app = _app(target)
    if app is None:
        return hx.redirect(url_for("two_step.manage.tab"))
    return password.show(Purpose.MOVE, _move_url(app))


@blueprint.post("/move")
@blueprint.post("/move/<int:target>")
@ranges.guesses
def begin_move(target: int | None = None) -> Response:
    app = _app(target)
    if app is None:
        return hx.redirect(url_for("two_step.manage.tab"))
    url = url_for("two_step.authenticators.move_verify")
    return password.begin(Purpose.MOVE, _move_url(app), url, _show_move, app)


@blueprint.post("/move/number")
@blueprint.post("/move/<int:target>/number")
@ranges.mails
def send_number_to_move(target: int | None = None) -> Response:
    """Mail the number that stands for a password where there is none."""
    app = _app(target)
    if app is None:
        return hx.redirect(url_for("two_step.manage.tab"))
    return password.send_number(Purpose.MOVE, _move_url(app))


def _move_url(app: int) -> str:
    return url_for("two_step.authenticators.move", target=app)


def _app(target: int | None) -> int | None:
    """Return the id of the app that is meant: without one, the only one; None if the tab has to ask which.

    :raises factors.NotOn: 2-step verification is off.
    :raises changes.Removed: it is none of the person's, or none any more.
    """
    password.must_be_open(Purpose.MOVE)
    apps = [one.id for one in factors.authenticators(person().id) if one.kind == APP]
    if target is None:
        return apps[0] if len(apps) == 1 else None
    if target not in apps:
        raise changes.Removed
    return target


@blueprint.get("/move/verify")
def move_verify() -> Response:
    return _wizard_if_open(Purpose.MOVE) or _show_move(slot.change(Purpose.MOVE))


@blueprint.post("/move/verify")
@ranges.guesses
def open_move() -> Response:
    """Begin an enrollment that moves. What protects the account stays as it is until that is completed."""
    return _open_wizard(Purpose.MOVE, _show_move)


def _open_wizard(purpose: Purpose, show: Callable[..., Response]) -> Response:
    """Open the wizard by the factor that was posted, or *show* the form again with what it is refused for."""
    open_already = _wizard_if_open(purpose)
    if open_already:
        return open_already
    form = forms.ChangeForm()
    change = slot.change(purpose, shown=form.pending.data or "")
    if not form.validate():
        return show(change, form, errors.UNPROCESSABLE)
    try:
        enrollment = authenticators.open_wizard(
            owner(), change, form.factor.data, form.chosen.data, here=devices.here()
        )
    except (factors.Refused, NotNow) as error:
        return show(change, form, errors.refuse(form.chosen, error))
    verification.note(person().id, clock.now(), form.factor.data)
    slot.put(enrollment)
    return hx.redirect(url_for("two_step.wizard.enroll"))


def _wizard_if_open(purpose: Purpose) -> Response | None:
    """Lead on from a factor that was right already: its form was sent twice, or gone back to."""
    begun = slot.begun()
    if begun is None or begun.purpose is not purpose:
        return None
    return hx.redirect(url_for("two_step.wizard.enroll"))


def _show_move(change: Pending, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    form = forms.ChangeForm.naming(change.id, form)
    asking.offer(form, change.place)
    return hx.render(
        "mfa/manage/_move.html",
        layouts.ACCOUNT,
        title=gettext("Move to a new phone"),
        status=status,
        tab="two-step",
        form=form,
        left=rules.state(person().id).codes_left,
        cancel_url=url_for("two_step.manage.tab"),
    )


# Add: a password that is not too old, then a factor unless one was shown lately, then the wizard


@blueprint.post("/add")
@blueprint.post("/add/<any(passkey):kind>")
def add(kind: str = APP) -> Response:
    """Begin to add an app or a passkey."""
    _must_have_room(kind)
    # A move that was begun ends by this: its page says so.
    if slot.open_move() or not proof.is_fresh(clock.now()):
        return hx.onward(_adding_url(kind), lambda: proof.show(Purpose.ADD, _adding_url(kind)))
    # What is begun without a password and a factor leaves a row when it is given up.
    here = devices.here()
    subject = attempts.account_subject(owner().id, owner().known(here.device))
    attempts.count(subject, attempts.PROOFS, here.now)
    return _begin_adding(kind)


@blueprint.get("/add/proof")
@blueprint.get("/add/<any(passkey):kind>/proof")
def adding_proof(kind: str = APP) -> Response:
    _must_have_room(kind)
    return proof.show(Purpose.ADD, _adding_url(kind))


@blueprint.post("/add/proof")
@blueprint.post("/add/<any(passkey):kind>/proof")
@ranges.guesses
def prove_for_adding(kind: str = APP) -> Response:
    _must_have_room(kind)
    return proof.take(Purpose.ADD, _adding_url(kind)) or _begin_adding(kind)


@blueprint.post("/add/proof/number")
@blueprint.post("/add/<any(passkey):kind>/proof/number")
@ranges.mails
def send_number_to_add(kind: str = APP) -> Response:
    """Mail the number that stands for a password where there is none."""
    return password.send_number(Purpose.ADD, _adding_url(kind))


def _must_have_room(kind: str) -> None:
    password.must_be_open(Purpose.ADD)
    authenticators.check_room(person().id, kind)


def _adding_url(kind: str) -> str:
    return url_for("two_step.authenticators.adding_proof", kind=None if kind == APP else kind)


@blueprint.get("/add/verify")
def add_verify() -> Response:
    return _wizard_if_open(Purpose.ADD) or _show_add(slot.change(Purpose.ADD))


@blueprint.post("/add/verify")
@ranges.guesses
def open_adding() -> Response:
    """Open the wizard for another app."""
    return _open_wizard(Purpose.ADD, _show_add)


def _begin_adding(kind: str) -> Response:
    begun = slot.start(Purpose.ADD).with_method(kind)
    since = password.must_be_open(Purpose.ADD)
    if verification.is_since(person().id, max(since, clock.now() - proof.FRESH)):
        slot.put(begun.with_verified(ring(), clock.now()))
        return hx.redirect(url_for("two_step.wizard.enroll"))
    slot.put(begun)
    return hx.onward(url_for("two_step.authenticators.add_verify"), lambda: _show_add(begun))


def _show_add(change: Pending, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    form = forms.ChangeForm.naming(change.id, form)
    asking.offer(form, change.place)
    title = gettext("Add passkey") if change.method == PASSKEY else gettext("Add authenticator app")
    return hx.render(
        "mfa/manage/_verify.html",
        layouts.ACCOUNT,
        title=title,
        status=status,
        tab="two-step",
        heading=title,
        lead=gettext("Confirm that it is you with what protects your account now."),
        action=url_for("two_step.authenticators.add_verify"),
        form=form,
        left=rules.state(person().id).codes_left,
        cancel_url=url_for("two_step.manage.tab"),
    )


# Remove: the password, then another factor


@blueprint.get("/remove/<int:target>")
def remove(target: int) -> Response:
    _must_be_removable(target)
    return password.show(Purpose.REMOVE, _removal_url(target))


@blueprint.post("/remove/<int:target>")
@ranges.guesses
def begin_remove(target: int) -> Response:
    _must_be_removable(target)
    url = url_for("two_step.authenticators.remove_verify")
    return password.begin(Purpose.REMOVE, _removal_url(target), url, _show_remove, target)


@blueprint.post("/remove/<int:target>/number")
@ranges.mails
def send_number_to_remove(target: int) -> Response:
    """Mail the number that stands for a password where there is none."""
    return password.send_number(Purpose.REMOVE, _removal_url(target))


def _removal_url(target: int) -> str:
    return url_for("two_step.authenticators.remove", target=target)


@blueprint.get("/remove/verify")
def remove_verify() -> Response:
    return _show_remove(slot.change(Purpose.REMOVE))


@blueprint.post("/remove/verify")
@ranges.guesses
def complete_remove() -> Response:
    """Remove an authenticator."""
    form = forms.ChangeForm()
    change = slot.change(Purpose.REMOVE, shown=form.pending.data or "")
    if not form.validate():
        return _show_remove(change, form, errors.UNPROCESSABLE)
    try:
        with devices.known_as_before(owner().id):
            authenticators.remove(owner(), change, form.factor.data, form.chosen.data, here=devices.here())
    except (factors.Refused, authenticators.LastOne, NotNow) as error:
        return _show_remove(change, form, errors.refuse(form.chosen, error))
    visitor.forget_owner()
    verification.note(person().id, clock.now(), form.factor.data)
    slot.clear()
    return back_to_tab(gettext("It was removed. It no longer opens your account."))


def _must_be_removable(target: int) -> None:
    """Refuse to remove what is none of the person's, or their only authenticator.

    :raises changes.Removed: it is none of theirs, or none any more.
    :raises authenticators.LastOne: see :func:`authenticators.check_removable`.
    """
    going = authenticators.find(person().id, target)
    others = [one for one in factors.authenticators(person().id) if one.id != going.id]
    authenticators.check_removable(person(), going, others)


def _show_remove(change: Pending, form: forms.ChangeForm | None = None, status: int = 200) -> Response:
    form = forms.ChangeForm.naming(change.id, form)
    asking.offer(form, change.place, but=change.target)
    going = authenticators.find(person().id, change.target)
    return hx.render(
        "mfa/manage/_verify.html",
        layouts.ACCOUNT,
        title=gettext("Remove an authenticator"),
        status=status,
        tab="two-step",
        heading=gettext("Remove an authenticator"),
        lead=gettext("Confirm that it is you with another authenticator, or with a recovery code."),
        action=url_for("two_step.authenticators.remove_verify"),
        form=form,
        left=rules.state(person().id).codes_left,
        going=going,
        cancel_url=url_for("two_step.manage.tab"),
    )


# Rename: a factor unless one was shown lately. A thief who swaps two names has the owner remove the wrong one


def _verified_lately(view: Callable[[int], Response]) -> Callable[[int], Response]:
    return step_up.verified(view, proof.FRESH)


@blueprint.get("/rename/<int:target>")
@_verified_lately
def rename(target: int) -> Response:
    found = authenticators.find(person().id, target)
    return _show_rename(found, forms.NameForm(formdata=None, name=found.name))


@blueprint.post("/rename/<int:target>")
@ranges.guesses
@_verified_lately
def complete_rename(target: int) -> Response:
    form = forms.NameForm()
    found = authenticators.find(person().id, target)
    form.validate()
    try:
        authenticators.rename(owner(), target, form.name.data or "", here=devices.here())
    except (BadName, NotNow) as error:
        return _show_rename(found, form, errors.refuse(form.name, error))
    return back_to_tab(gettext("The new name is saved."))


def _show_rename(found: Authenticator, form: forms.NameForm, status: int = 200) -> Response:
    return hx.render(
        "mfa/manage/_rename.html",
        layouts.ACCOUNT,
        title=gettext("Rename"),
        status=status,
        tab="two-step",
        form=form,
        authenticator=found,
        action=url_for("two_step.authenticators.rename", target=found.id),
        cancel_url=url_for("two_step.manage.tab"),
    )
