import secrets

from flask import g
from flask_login import LoginManager
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

db, csrf, mail, migrate = SQLAlchemy(), CSRFProtect(), Mail(), Migrate()
login_manager = LoginManager()
login_manager.login_view = "auth.login"


def csp_nonce() -> str:
    """Return the nonce of this answer, which its Content-Security-Policy names."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce
