"""The tab 2-Step Verification."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, url_for

from mfa import at_work, clock
from mfa.accounts import accounts
from mfa.crypto import recovery_codes, webauthn
from mfa.database import run
from mfa.enrollment import authenticators, passkeys, rules, slot
from mfa.enrollment.pending import Pending
from mfa.enrollment.purposes import Purpose
from mfa.factors import ceremonies, kinds as factors, password_managers
from mfa.factors.base import Kept
from mfa.factors.models import Authenticator
from mfa.factors.password_managers import Signal
from mfa.i18n import gettext
from mfa.manage.forms import ForgetBrowserForm
from mfa.manage.statements import SHOWN
from mfa.notices import delivery
from mfa.people import recoveries, required
from mfa.sign_in import asking, browser, remembered
from mfa.sign_in.forms import FactorForm
from mfa.web import hx, layouts
from mfa.web.due import due
from mfa.web.visitor import note_counts, owner, person

blueprint = Blueprint("manage", __name__)

slot.say_ends(blueprint, restart=False)


@blueprint.get("")
def tab() -> Response:
    return show_tab()


def show_tab(
    message: str | None = None,
    *,
    refused: str | None = None,
    check_up: FactorForm | None = None,
    signals: Sequence[Signal] = (),
    status: int = 200,
) -> Response:
    """Answer with the tab.

    :param message: what was done.
    :param refused: why something was not done.
    :param check_up: the form of the check-up, if it was refused.
    :param signals: to password managers, of what was done.
    """
    here, now = person(), clock.now()
    rows = run(SHOWN, {"whose": here.id, "now": now}).all()
    shown = rows[0] if rows else None
    state, kept = rules.State.of(shown), factors.made_of(rows)
    if shown:
        note_counts(here.id, shown.generation, shown.device_epoch)
    if not state.on:
        # Here a developer comes first, and nobody is half-way through the wizard yet.
        delivery.check_settings()
    wanted = required.of(here) if state.on else None
    begun = slot.begun()
    resume, resume_of = begun.progress if begun else (None, None)
    return hx.render(
        "mfa/manage/_tab.html",
        layouts.ACCOUNT,
        title=gettext("2-Step Verification"),
        status=status,
        tab="two-step",
        once={"refused": refused} if refused else None,
        on=state.on,
        since=state.since,
        apps=_in_order(kept.apps) if kept else [],
        passkeys=_in_order(kept.passkeys) if kept else [],
        offers_passkeys=ceremonies.are_possible(),
        most_passkeys=authenticators.MOST_PASSKEYS,
        signals=[*_signals(kept, begun), *signals],
        most_apps=authenticators.MOST_APPS,
        left=state.codes_left,
        total=recovery_codes.COUNT,
        code_used_at=state.code_used_at,
        limited_until=state.limit(now),
        check_up=_offered(check_up or FactorForm(formdata=None), kept) if state.asks_check_up(now) else None,
        resume=resume,
        resume_of=resume_of,
        adds=begun is not None and begun.purpose is Purpose.ADD,
        message=message,
        has_password=accounts().has_password(here),
        has_address=bool(here.email),
        due=due(here),
        is_recovering=shown is not None and recoveries.is_until(shown.recovering_until, now),
        remembers=remembered.may_be(here),
        browsers=_browsers() if shown and shown.has_browsers else [],
        stays_on=required.MustStayOn.says if wanted else None,
        only_passkey=authenticators.LastPasskey.says
        if wanted and wanted.passkey and _is_only_one(kept)
        else None,
        oob=hx.wanted(),
    )


def _is_only_one(kept: factors.Kept | None) -> bool:
    return kept is not None and len(kept.passkeys) == 1


def _in_order(authenticators: Sequence[Authenticator]) -> list[Authenticator]:
    """Return authenticators in the order in which they were added."""
    return sorted(authenticators, key=lambda one: one.id)


def _offered(check_up: FactorForm, kept: factors.Kept | None) -> FactorForm:
    asking.offer(check_up, check_up_place(), kept)
    return check_up


def check_up_place() -> str:
    """Return what a passkey's challenge is bound to in the check-up."""
    return asking.place("check-up")


def back_to_tab(message: str) -> Response:
    """Show the tab, with what was done."""
    if not hx.wanted():
        accounts().say(message, "success")
    return hx.onward(url_for("two_step.manage.tab"), lambda: show_tab(message))


def _browsers() -> list[tuple[remembered.Browser, ForgetBrowserForm]]:
    token = browser.remembered_token(person().id)
    return [
        (one, ForgetBrowserForm(formdata=None, browser=one.id))
        for one in remembered.of(owner(), clock.now(), token)
    ]


def _signals(kept: Kept | None, begun: Pending | None) -> list[Signal]:
    """Return what the person's password managers learn of passkeys that are stored or given up."""
    signals: list[Signal] = []
    handle = kept and kept.second_step.user_handle
    if kept and handle:
        ids = [one.credential_id for one in kept.passkeys if one.credential_id is not None]
        # The one of an enrollment that can go on is not stored yet, and must not be forgotten.
        ids += [begun.new_passkey.credential_id] if begun and begun.new_passkey else []
        signals += password_managers.accepted(handle, ids)
        signals += password_managers.called(handle, person())
    ended = None if begun else slot.passkey_id()
    for given_up in (_named(at_work.request().args.get("abandoned", "")), ended):
        # A link to this page must not hide anybody's passkey.
        if given_up and not passkeys.is_registered(given_up):
            signals += password_managers.unknown(given_up)
    return signals


def _named(credential_id: str) -> bytes | None:
    if not credential_id:
        return None
    try:
        read = webauthn.decode(credential_id)
    except webauthn.Malformed:
        return None
    return read if webauthn.LEAST_ID <= len(read) <= webauthn.MOST_ID else None
