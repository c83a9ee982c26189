"""The tab Security settings."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, abort, url_for
from flask_babel import gettext
from flask_login import current_user

from console.extensions import two_step
from console.organization.security import rules
from console.organization.security.forms import SecurityForm
from console.web import layouts, notices
from mfa import clock
from mfa.web import errors, hx

blueprint = Blueprint("security", __name__)
_FRESH = timedelta(minutes=10)


@blueprint.get("/security")
def tab() -> Response:
    return _show_tab()


@blueprint.post("/security")
@two_step.verified(within=_FRESH)
def save() -> Response:
    """Change the settings."""
    form = SecurityForm()
    if not form.validate():
        return _show_tab(form, status=errors.UNPROCESSABLE)
    try:
        is_changed = rules.save(current_user.account, _wanted(form), clock.now())
    except rules.NoManager:
        abort(404)
    except rules.ChangedMeanwhile as error:
        return _show_tab(refused=error.sentence, status=error.status)
    except rules.Unacceptable as error:
        return _show_tab(form, status=errors.refuse(form[error.field], error))
    return _say(gettext("The settings are saved.") if is_changed else gettext("Nothing was changed."))


def _wanted(form: SecurityForm) -> rules.Settings:
    return rules.Settings(
        version=form.version.data,
        required=form.required.data,
        scope=form.scope.data,
        grace_days=form.grace_days.data,
        passkeys=form.passkeys.data,
        remembers_browsers=form.remembers_browsers.data,
        sign_up_closed=form.sign_up_closed.data,
        approves_resets=form.approves_resets.data,
    )


def _say(message: str) -> Response:
    url = url_for("organization.security.tab")
    return notices.onward(message, url, lambda said: _show_tab(message=said))


def _show_tab(
    form: SecurityForm | None = None,
    *,
    message: str | None = None,
    refused: str | None = None,
    status: int = 200,
) -> Response:
    now = rules.settings()
    return hx.render(
        "organization/security/_tab.html",
        layouts.ORGANIZATION,
        title=gettext("Security settings"),
        status=status,
        tab="security",
        once={"refused": refused} if refused else None,
        form=form or SecurityForm(formdata=None, obj=now),
        required=now.required,
        own_is_on=current_user.protected,
        preview=rules.preview(),
        can_approve=now.approves_resets or rules.others_approve(current_user.account),
        message=message,
    )
