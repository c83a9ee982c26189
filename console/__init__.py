"""Two-step verification for web accounts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
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
from console.auth import routes as auth_routes
from console.commands import (
    backup as backup_commands,
    keys as key_commands,
    mail as mail_commands,
    users as user_commands,
)
from console.email_change import routes as email_change_routes
from console.extensions import csrf, db, limiter, login_manager, mail as flask_mail
from console.mail import mailbox, messages, routes as mail_routes
from console.observability import health, metrics, reports
from console.sessions import routes as sessions_routes
from console.two_step import link, routes as two_step_routes, sign_in, wizard
from console.web import (
    access,
    assets,
    devices,
    errors,
    headers,
    language,
    mount,
    notices,
    templates,
)
from console.web.cookies import SessionInterface
from console.web.framing import Framing
from console.web.proxies import ForwardedFor
from mfa import database as mfa_database
from mfa.notices import office
from mfa.notices.addresses import in_ascii
from mfa.web import posted
from mfa.web.host import Host

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
        app.wsgi_app = ForwardedFor(app.wsgi_app, count)  # type: ignore[method-assign]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=count, x_host=0)  # type: ignore[method-assign]

    health.answer_to_any_host(app)
    app.wsgi_app = Framing(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]

    box = toolbox.fill(app)
    app.secret_key = box.ring.derive("flask")
    app.config["WTF_CSRF_SECRET_KEY"] = box.ring.signing_keys("csrf")
    app.session_interface = SessionInterface(box.ring)
    db.init_app(app)
    mfa_database.use(app, db.session)
    with app.app_context():
        database.keep_private(db.engine)
    migrations.offer(app, _ROOT / "migrations")
    flask_mail.init_app(app)
    office.open_office(
        app,
        messages.NOTICES,
        speaking=languages.speaking,
        keep=mailbox.keep if mailbox.in_use(app.config) else None,
    )
    csrf.init_app(app)
    login_manager.init_app(app)
    login_manager.session_protection = None  # sessions end on the server: see console.sessions

    languages.set_up(app, language.choose)

    metrics.observe(app)
    access.guard(app)
    limiter.init_app(app)
    devices.write_marks(app)
    notices.carry(app)
    posted.forget(app)
    headers.add(app)
    Host(
        product=app.config["PRODUCT_NAME"],
        language=languages.current,
        ring=box.ring,
        posted_cookie=app.config["POSTED_COOKIE_NAME"],
        endpoints={
            "sign_in": "accounts.sign_in",
            "forgot_password": "accounts.forgot_password",
            "change_password": "accounts.password",
            "change_email": "email_change.ask",
        },
        support_address=app.config["SUPPORT_ADDRESS"],
        support_url=f"mailto:{in_ascii(app.config['SUPPORT_ADDRESS'])}",
    ).take_in(app)
    assets.serve(app, _ROOT / "static", accent=app.config["ACCENT_COLOR"], logo=app.config["LOGO"])
    errors.handle(app, onward=sign_in.onward)
    for routes in (
        console,
        auth_routes,
        email_change_routes,
        sessions_routes,
        activity_routes,
        two_step_routes,
        wizard,
        link,
        sign_in,
        reports,
        health,
        metrics,
    ):
        app.register_blueprint(routes.blueprint)
    if mailbox.in_use(app.config):
        app.register_blueprint(mail_routes.blueprint)
    for commands in (mail_commands, user_commands, key_commands, backup_commands):
        app.cli.add_command(commands.group)
    _check_keys(app)
    if app.config["MAIL_WORKER"] == "thread":
        _start_mail_worker(app)
    mount.below_root(app)
    templates.equip(app, two_step_on=console.two_step_on)
    return app


def _check_keys(app: Flask) -> None:
    with app.app_context():
        try:
            readiness.check_keys()
        finally:
            # A server that forks after this must not share the connection.
            db.session.remove()
            db.engine.dispose()


def _start_mail_worker(app: Flask) -> None:
    app.extensions["mail_worker"] = housekeeping.worker(app)

    @app.before_request
    def _wake() -> None:
        # What an earlier process left behind goes out with the first request.
        app.extensions["mail_worker"].start()
