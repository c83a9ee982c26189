"""The tab Activity of the organization: its events with filters, and their export."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext
from flask_login import current_user

from console.accounts import addresses, rules as accounts
from console.extensions import two_step
from console.organization.audit import export as exports, forms, listing, words
from console.organization.audit.events import Event
from console.organization.audit.listing import Filter
from console.web import layouts, query
from mfa import clock
from mfa.enrollment.proof import FRESH
from mfa.web import downloads, hx

blueprint = Blueprint("audit", __name__, url_prefix="/activity")


@blueprint.get("")
def tab() -> Response:
    """Show the newest events, or those older than the row with the id ``before``."""
    return _show(_form(_wanted()), _wanted(), before=query.row_id("before"))


@blueprint.post("")
def choose() -> Response:
    """Show the events that pass the filters. By a post: what is typed here must not stand in a URL."""
    form = forms.FilterForm()
    form.validate()
    wanted = _read(form)
    if form.errors:
        return _show(form, _wanted(), status=422)
    texts: dict[str, Any] = {**wanted.texts()}
    return hx.onward(url_for(".tab", **texts), lambda: _show(_form(wanted), wanted))


@blueprint.get("/export")
@two_step.verified(within=FRESH)
def ask() -> Response:
    return _ask(forms.ExportForm())


@blueprint.post("/export")
@two_step.verified(within=FRESH)
def export() -> Response:
    """The file. By a post, as it is an event itself."""
    form = forms.ExportForm()
    if not form.validate():
        abort(400)
    kind = form.format.data
    pieces = exports.begin(_wanted(), form=kind, actor=current_user.account.id, now=clock.now())
    return downloads.file(f"activity.{kind}", pieces, exports.TYPES[kind])


def _show(
    form: forms.FilterForm, wanted: Filter, *, before: int | None = None, status: int = 200
) -> Response:
    page = listing.page(wanted, before)
    return hx.render(
        "organization/audit/_tab.html",
        layouts.ORGANIZATION,
        title=gettext("Activity"),
        status=status,
        tab="activity",
        form=form,
        entries=page.entries,
        older=page.older,
        first=before is None,
        wanted=wanted,
        person=None if wanted.person is None else listing.person(wanted.person),
        sentence=words.sentence,
        is_trouble=words.is_trouble,
        is_by_itself=words.is_by_itself,
    )


def _ask(form: forms.ExportForm) -> Response:
    wanted = _wanted()
    return hx.render(
        "organization/audit/_export.html",
        layouts.ORGANIZATION,
        title=gettext("Export activity"),
        tab="activity",
        form=form,
        wanted=wanted,
        person=None if wanted.person is None else listing.person(wanted.person),
        event=wanted.event and words.WORDS[wanted.event],
    )


def _wanted() -> Filter:
    """Return the filter that the address of the page holds; what makes no sense there is left out."""
    given: Mapping[str, str] = request.args
    event = given.get("event")
    return Filter(
        event=Event(event) if event in set(Event) else None,
        person=query.row_id("person"),
        since=_day("since"),
        until=_day("until"),
    )


def _day(name: str) -> date | None:
    with suppress(ValueError):
        return forms.read_day(request.args.get(name))
    return None


def _form(wanted: Filter) -> forms.FilterForm:
    person = None if wanted.person is None else listing.person(wanted.person)
    texts = {**wanted.texts(), "person": person.email if person else ""}
    return forms.FilterForm(formdata=None, data=texts)


def _read(form: forms.FilterForm) -> Filter:
    """Return the filter that was posted; what is refused is said at its field."""
    found: dict[str, date | None] = {}
    for name in ("since", "until"):
        try:
            found[name] = forms.read_day(form[name].data)
        except ValueError:
            form[name].errors = [gettext("Enter a day, like 2026-11-24.")]
    since, until = found.get("since"), found.get("until")
    if since and until and until < since:
        form.until.errors = [gettext("The last day is before the first.")]
    event = form.event.data
    return Filter(Event(event) if event in set(Event) else None, _person(form), since, until)


def _person(form: forms.FilterForm) -> int | None:
    if not (form.person.data or "").strip():
        return None
    try:
        account = accounts.find(addresses.parse(form.person.data))
    except addresses.BadAddress as error:
        form.person.errors = [error.sentence]
        return None
    if account is None:
        form.person.errors = [gettext("There is no account with this address.")]
        return None
    return account.id
