"""Two-step verification for web accounts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, render_template
from werkzeug.middleware.proxy_fix import ProxyFix

from console import (
    config as settings,
    database,
    fast,
    home as console,
    housekeeping,
    languages,
    migrations,
    readiness,
    toolbox,
)
from console.activity import log, routes as activity_routes
from console.auth import requirement, routes as auth_routes
from console.auth.adapter import ConsoleAccounts
from console.commands import (
    audit as audit_commands,
    backup as backup_commands,
    keys as key_commands,
    mail as mail_commands,
    passwords as password_commands,
    users as user_commands,
    webhooks as webhook_commands,
)
from console.deletion import routes as deletion_routes
from console.email_change import routes as email_change_routes
from console.extensions import csrf, db, login_manager, mail as flask_mail, two_step
from console.mail import mailbox, messages, routes as mail_routes
from console.observability import health, metrics, reports
from console.organization import routes as organization_routes
from console.organization.help import own as own_help
from console.organization.invitations import link as invitation_link
from console.personal_data import routes as personal_data_routes
from console.sessions import routes as sessions_routes
from console.web import (
    access,
    assets,
    errors,
    first_paint,
    headers,
    language,
    mount,
    notices,
    templates,
)
from console.web.cookies import SessionInterface
from console.web.framing import Framing
from console.web.proxies import ForwardedFor
from console.webhooks import events as webhook_events, worker as webhook_workers
from mfa.errors import SetUpWrong
from mfa.logo import Logo
from mfa.notices import worker
from mfa.notices.office import Office, by_name
from mfa.web import devices, posted

_ROOT = Path(__file__).resolve().parent.parent


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application: its parts, put together.

    :param config: settings that come before those of the environment; names as in :mod:`console.config`.
    The tables may still have to be made; :func:`console.readiness.check_start` asks whether they are.

    :raises settings.BadSetting: a setting that can't work.
    """
    given = config or {}
    instance = settings.instance_path(given, _ROOT).resolve()
    try:
        instance.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise settings.BadSetting("MFA_INSTANCE_PATH names a folder that can't be made.") from error
    app = fast.Application("console", root_path=str(_ROOT), instance_path=str(instance), static_folder=None)
    settings.load(app.config, given, instance)

    log.set_up(app)
    if app.config["TRUSTED_PROXIES"]:
        count = app.config["TRUSTED_PROXIES"]
        proxied = ProxyFix(ForwardedFor(app.wsgi_app, count), x_for=0, x_proto=count, x_host=0)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # the place for middleware

    health.answer_to_any_host(app)
    framing = Framing(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])
    app.wsgi_app = framing  # type: ignore[method-assign]  # likewise

    box = toolbox.fill(app)
    app.secret_key = box.ring.derive("flask")
    app.config["WTF_CSRF_SECRET_KEY"] = box.ring.signing_keys("csrf")
    app.session_interface = SessionInterface(box.ring)
    db.init_app(app)
    with app.app_context():
        database.keep_private(db.engine)
    migrations.offer(app, _ROOT / "migrations")
    flask_mail.init_app(app)
    _mount_two_step(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    fast.leave_sessions_alone(login_manager)  # they end on the server: see console.sessions

    languages.set_up(app, language.choose)

    metrics.observe(app)
    access.guard(app)
    two_step.guard(app, exempt=requirement.OPEN, verification=False)
    app.after_request(devices.write)
    notices.carry(app)
    posted.forget(app)
    styles = first_paint.offer(app, _ROOT / "static", accent=app.config["ACCENT_COLOR"])
    headers.add(app, styles=styles)
    logo = Logo.read(Path(app.config["LOGO"])) if app.config["LOGO"] else None
    assets.serve(app, _ROOT / "static", accent=app.config["ACCENT_COLOR"], logo=logo)
    errors.handle(app, onward=two_step.onward)
    for routes in (
        console,
        auth_routes,
        email_change_routes,
        deletion_routes,
        personal_data_routes,
        sessions_routes,
        activity_routes,
        organization_routes,
        own_help,
        invitation_link,
        reports,
        health,
        metrics,
    ):
        app.register_blueprint(routes.blueprint)
    if mailbox.in_use(app.config):
        app.register_blueprint(mail_routes.blueprint)
    for commands in (
        mail_commands,
        user_commands,
        key_commands,
        backup_commands,
        password_commands,
        audit_commands,
        webhook_commands,
    ):
        app.cli.add_command(commands.group)
    _check_keys(app)
    _start_workers(app)
    mount.below_root(app)
    templates.equip(
        app,
        two_step_on=console.two_step_on,
        requirement_due=console.requirement_due,
        help_waiting=own_help.waiting,
    )
    return app


def _check_keys(app: Flask) -> None:
    with app.app_context():
        try:
            readiness.check_keys()
        finally:
            # A server that forks after this must not share the connection.
            db.engine.dispose()


def _start_workers(app: Flask) -> None:
    has_webhooks = webhook_events.tell(app)
    if app.config["MAIL_WORKER"] != "thread":
        return
    worker.use(app, housekeeping.worker(app))
    # What an earlier process left behind goes out with the first request.
    app.before_request(worker.start)
    if has_webhooks:
        webhook_workers.use(app, housekeeping.webhook_worker(app))
        app.before_request(webhook_workers.start)


def _mount_two_step(app: Flask) -> None:
    try:
        two_step.init_app(
            app,
            ConsoleAccounts(),
            office=_office(app),
            language=languages.current,
            required=requirement.required,
            remember=requirement.remembers,
        )
    except SetUpWrong as error:
        # The console's settings have the names of the extension's.
        raise settings.BadSetting(str(error)) from error


def _office(app: Flask) -> Office:
    return Office(
        product=app.config["PRODUCT_NAME"],
        notices=by_name(messages.NOTICES),
        render=render_template,
        speaking=languages.speaking,
        pages=two_step.pages(ConsoleAccounts()),
        support_address=app.config["SUPPORT_ADDRESS"],
        accent=app.config["ACCENT_COLOR"],
        keep=mailbox.keep if mailbox.in_use(app.config) else None,
    )
