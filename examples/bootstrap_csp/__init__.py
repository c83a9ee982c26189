"""Notes: an application of the usual shape, with Twostep mounted in it. README.md says what was added.

    flask --app examples.bootstrap_csp db upgrade
    flask --app examples.bootstrap_csp two-step db upgrade
    flask --app examples.bootstrap_csp fill
    flask --app examples.bootstrap_csp run

Sign in as ``mina@example.com`` with ``orange kettle drives north``; mails are printed where the server runs.
"""

from pathlib import Path

from flask import Flask, Response

from mfa import include_name

from . import auth, notes
from .extensions import csp_nonce, csrf, db, login_manager, mail, migrate
from .models import User, fill
from .two_step import two_step

__all__ = ["User", "create_app", "db", "fill", "two_step"]
POLICY = (
    "default-src 'none'; script-src 'nonce-{}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(**settings: object) -> Flask:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="only for this example, 32 characters or more",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{Path(app.instance_path) / 'notes.db'}",
        SERVER_NAME="127.0.0.1:5000",
        MAIL_DEFAULT_SENDER="notes@example.com",
        MFA_PRODUCT_NAME="Notes",
        MFA_ACCENT_COLOR="#0d6efd",
        MFA_SUPPORT_ADDRESS="help@example.com",
    )
    app.config.update(settings)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    for extension in (db, login_manager, csrf, mail, two_step):
        extension.init_app(app)
    migrate.init_app(
        app, db, directory=str(Path(__file__).with_name("migrations")), include_name=include_name
    )
    app.register_blueprint(auth.blueprint)
    app.register_blueprint(notes.blueprint)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.cli.command("fill")(fill)

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY.format(csp_nonce())
        return response

    return app
