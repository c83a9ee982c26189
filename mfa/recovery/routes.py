"""The page that leads back, and the one that stops it. Opening one changes nothing: mail scanners do that."""

from __future__ import annotations

from flask import Blueprint, Response, url_for
from markupsafe import Markup

from mfa import accounts as adapters, clock
from mfa.accounts import Person
from mfa.enrollment import email_proof, proof, slot
from mfa.errors import Refusal
from mfa.i18n import gettext
from mfa.people import recoveries, rules as people
from mfa.recovery import forms, rules, waiting
from mfa.recovery.number import MailedNumber
from mfa.recovery.rules import LinkEnded, Open
from mfa.settings import settings
from mfa.sign_in import browser
from mfa.sign_in.challenges import Asked, Live
from mfa.sign_in.rules import PASSWORD, ChallengeEnded, Passed, offers_wait
from mfa.web import devices, errors, hx, layouts, ranges, templates, visitor
from mfa.web.access import public, signs_in
from mfa.web.forms import Form

blueprint = Blueprint("recovery", __name__)


@blueprint.get("/<token>")
@public
def page(token: str) -> Response:
    try:
        found = rules.find_open(token, clock.now())
    except LinkEnded:
        return _show_ended()
    return _show(token, found)


@blueprint.post("/<token>")
@public
@ranges.guesses
@ranges.at(ranges.nobody)
def finish(token: str) -> Response:
    """Check the password or the mailed number, turn the old second step off, and lead into the wizard."""
    here = devices.here()
    try:
        found = rules.find_open(token, here.now)
    except LinkEnded:
        return _go_on_or_show_ended()
    form: Form = forms.PasswordForm() if found.owner.has_password else forms.NumberForm()
    field = form["password" if found.owner.has_password else "number"]
    if not form.validate_on_submit():
        return _show(token, found, form, errors.UNPROCESSABLE)
    try:
        if found.owner.has_password:
            proof.check_password(found.owner, field.data, here)
        else:
            _number(found).confirm(field.data, here.now)
        rules.finish(found, here)
    except LinkEnded:
        return _go_on_or_show_ended()
    except Refusal as error:
        return _show(token, found, form, errors.refuse(field, error))
    return _enter(found)


def _go_on_or_show_ended() -> Response:
    """Say that the link has ended; after a second press of the form that led in, go on."""
    return hx.leave(url_for("two_step.manage.tab")) if visitor.is_signed_in() else _show_ended()


@blueprint.post("/<token>/number")
@public
@ranges.mails
def send_number(token: str) -> Response:
    """Mail the number that is asked for in place of a password."""
    url = url_for("two_step.recovery.page", token=token)
    try:
        found = rules.find_open(token, clock.now())
    except LinkEnded:
        return _show_ended()
    if found.owner.has_password:
        return hx.redirect(url)
    form = Form()
    try:
        _number(found).send(clock.now())
    except Refusal as error:
        form.form_errors.append(error.sentence)
        return _show(token, found, status=error.status, send_form=form)
    return hx.onward(url, lambda: _show(token, found))


def _number(found: Open) -> MailedNumber:
    return MailedNumber.back(found.owner, found.recovery)


def _enter(found: Open) -> Response:
    slot.clear()
    visitor.forget_owner()
    owner = people.owner(found.owner.person)
    browser.must_enroll(owner)
    return browser.enter(owner, Asked(), Passed(PASSWORD, 0))


def _show(
    token: str,
    found: Open,
    form: Form | None = None,
    status: int = 200,
    send_form: Form | None = None,
) -> Response:
    owner, now = found.owner, clock.now()
    kind = forms.PasswordForm if owner.has_password else forms.NumberForm
    send_form = send_form or Form(formdata=None)
    sent = not owner.has_password and _number(found).begun(now) is not None
    if form and not owner.has_password and not sent:
        # There is no field yet at which to say it.
        send_form.form_errors.append(email_proof.NumberEnded().sentence)
    return hx.render(
        "mfa/recovery/_back.html",
        layouts.SIGN_IN,
        title=gettext("Set up 2-step verification again"),
        status=status,
        form=form or kind(formdata=None),
        send_form=send_form,
        email=owner.email,
        has_password=owner.has_password,
        sent=sent,
        wait_seconds=0 if owner.has_password else _number(found).wait_for_sending(now),
        action=url_for("two_step.recovery.page", token=token),
        send_url=url_for("two_step.recovery.send_number", token=token),
    )


def _show_ended() -> Response:
    return hx.render(
        "mfa/recovery/_ended.html",
        layouts.SIGN_IN,
        title=gettext("This link has ended"),
        status=410,
        once={},
    )


# I have lost everything: the wait, begun from the second step at sign-in


def _whose() -> str | None:
    live = browser.challenge()
    return live.owner.id if live else None


@blueprint.get("/lost")
@public
def lost() -> Response:
    live = browser.challenge()
    return _show_lost(live) if live and offers_wait(live) else _sign_in_again()


@blueprint.post("/lost")
@signs_in
@ranges.guesses
@ranges.at(_whose)
def begin_wait() -> Response:
    """Begin the wait by the number that was mailed; the password was right a moment ago."""
    live = browser.challenge()
    if live is None or not offers_wait(live):
        return _sign_in_again()
    form = forms.NumberForm()
    if not form.validate_on_submit():
        return _show_lost(live, form, errors.UNPROCESSABLE)
    here = devices.here()
    try:
        _number_of(live).confirm(form.number.data, here.now)
        waiting.begin(live, here)
    except ChallengeEnded:
        return _sign_in_again()
    except Refusal as error:
        return _show_lost(live, form, errors.refuse(form.number, error))
    return hx.onward(url_for("two_step.recovery.lost"), lambda: _show_lost(live))


@blueprint.post("/lost/number")
@signs_in
@ranges.mails
def send_wait_number() -> Response:
    """Mail the number that shows the mailbox; once the wait is over, the link that leads back."""
    live = browser.challenge()
    if live is None or not offers_wait(live):
        return _sign_in_again()
    here = devices.here()
    open_one, form = recoveries.of(live.owner, here.now), Form()
    try:
        if open_one is None:
            waiting.check_may_begin(live.owner, here.now)
            _number_of(live).send(here.now)
        elif open_one.kind == recoveries.WAIT and recoveries.is_ready(open_one, here.now):
            waiting.send_link(open_one, live.owner, here)
    except Refusal as error:
        form.form_errors.append(error.sentence)
        return _show_lost(live, status=error.status, send_form=form)
    return hx.onward(url_for("two_step.recovery.lost"), lambda: _show_lost(live))


def _number_of(live: Live) -> MailedNumber:
    return MailedNumber.lost(live, devices.device())


def _show_lost(
    live: Live, form: Form | None = None, status: int = 200, send_form: Form | None = None
) -> Response:
    owner, now = live.owner, clock.now()
    open_one = recoveries.of(owner, now)
    sent = open_one is None and _number_of(live).begun(now) is not None
    send_form = send_form or Form(formdata=None)
    if form and not sent:
        # There is no field at which to say it: not yet, or no longer.
        send_form.form_errors += [str(error) for error in form.errors.get("number", ())]
    return hx.render(
        "mfa/recovery/_lost.html",
        layouts.SIGN_IN,
        title=gettext("I have lost everything"),
        status=status,
        form=form or forms.NumberForm(formdata=None),
        send_form=send_form,
        email=owner.email,
        has_password=owner.has_password,
        days=settings().recovery_days,
        recovery=open_one,
        is_ready=open_one is not None and recoveries.is_ready(open_one, now),
        sent=sent,
        wait_seconds=_number_of(live).wait_for_sending(now),
        action=url_for("two_step.recovery.lost"),
        send_url=url_for("two_step.recovery.send_wait_number"),
    )


def _sign_in_again() -> Response:
    host = adapters.accounts()
    if visitor.is_signed_in():
        return hx.leave(host.home_url())
    return hx.leave(host.sign_in_url(ended=browser.had_challenge()))


# This wasn't me


@blueprint.get("/stop/<token>")
@public
def stopping(token: str) -> Response:
    try:
        rules.find_to_stop(token, clock.now())
    except LinkEnded:
        return _show_stop_ended(token)
    return _show_stop(token, "confirm")


@blueprint.post("/stop/<token>")
@public
def stop(token: str) -> Response:
    try:
        person = rules.stop(token, devices.here())
    except LinkEnded:
        return _show_stop_ended(token)
    return _show_stop(token, "stopped", owner=person)


@blueprint.post("/stop")
@public
def stop_here() -> Response:
    """Stop it for somebody who is signed in, or who is signing in on a known device."""
    person = adapters.current()
    if person is None:
        live = browser.challenge()
        if live is None or live.owner.known(devices.device()) is None:
            return visitor.to_sign_in()
        person, way = live.owner.person, url_for("two_step.sign_in.verify")
    else:
        way = visitor.whereabouts() or adapters.accounts().home_url()
    stopped = rules.stop_open(person, devices.here(), recoveries.OWNER)
    said = gettext("Nobody can get in that way any more.") if stopped else gettext("It had ended already.")
    adapters.accounts().say(said, "success" if stopped else "info")
    return hx.leave(way)


def notice(class_: str) -> Markup:
    """Return the notice for a page of the host, while a recovery of its visitor is open; else nothing."""
    person = adapters.current()
    if person is None or not recoveries.is_open(person.id, clock.now()):
        return Markup("")
    return Markup(templates.render("mfa/recovery/_notice.html", class_=class_))  # noqa: S704 (a template escaped it)


def _show_stop_ended(token: str) -> Response:
    return _show_stop(token, "ended", 410, owner=rules.whose(token, clock.now()))


def _show_stop(token: str, state: str, status: int = 200, *, owner: Person | None = None) -> Response:
    return hx.render(
        "mfa/recovery/_stop.html",
        layouts.SIGN_IN,
        title=gettext("Was this not you?"),
        status=status,
        form=Form(formdata=None),
        action=url_for("two_step.recovery.stopping", token=token),
        # Somebody else may be: their password is not the one to change.
        signed_in=owner is not None and visitor.has_signed_in(owner),
        once={
            "state": state,
            "has_password": owner is not None and adapters.accounts().has_password(owner),
        },
    )
