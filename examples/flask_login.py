"""A shop with users of its own, Flask-Login, and 2-step verification mounted in it.

``make example`` serves it at http://127.0.0.1:5000 and prints its mails in the terminal. Sign in as
``mina@example.com`` with the password ``orange kettle drives north``.
"""

import uuid

from flask import Flask, redirect, render_template_string, request, url_for
from flask_login import LoginManager, UserMixin, login_required, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

from mfa import FlaskLoginAccounts, TwoStep

PAGE = """<!doctype html><html lang="en"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{% for message in get_flashed_messages() %}<p role="status">{{ message }}</p>{% endfor %}
{% if current_user.is_authenticated %} <h1>Hello, {{ current_user.name }}</h1> {{ two_step.button() }}
<form method="post" action="{{ url_for('logout') }}"><button>Sign out</button></form>
{% else %} <h1>Sign in</h1> {% if wrong %}<p role="alert">Email or password is not right.</p>{% endif %}
<form method="post"><label>Email <input name="email" type="email" autocomplete="username webauthn"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button></form> {{ two_step.passkey_sign_in(request.args.next) }}
{% endif %} {{ two_step.modal() }}"""

db, login_manager = SQLAlchemy(), LoginManager()


class User(UserMixin, db.Model):
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    name: Mapped[str]

    def check_password(self, typed):
        return check_password_hash(self.password_hash, typed)


login_manager.login_view = "login"
login_manager.user_loader(lambda user_id: db.session.get(User, uuid.UUID(user_id)))
two_step = TwoStep(FlaskLoginAccounts(db, User, check_password=User.check_password))


def create_app(**settings):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="made up, of 32 characters or more", SESSION_COOKIE_SAMESITE="Lax")
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite:///shop.db", MAIL_DEFAULT_SENDER="shop@example.com")
    app.config.update(MFA_PRODUCT_NAME="Shop", MFA_SERVER_NAME="127.0.0.1:5000")
    app.config.from_prefixed_env()
    app.config.update(settings)
    for extension in (db, login_manager, two_step):
        extension.init_app(app)
    with app.app_context():
        db.create_all()
        if not db.session.query(User).first():
            hashed = generate_password_hash("orange kettle drives north")
            db.session.add(User(email="mina@example.com", password_hash=hashed, name="Mina Park"))
            db.session.commit()

    @app.get("/")
    @login_required
    def home():
        return render_template_string(PAGE)

    @app.route("/login", methods=["GET", "POST"])
    def login():
        user = db.session.query(User).filter_by(email=request.form.get("email")).first()
        if user and user.check_password(request.form.get("password", "")):
            return two_step.sign_in(user, next=request.args.get("next"))
        return render_template_string(PAGE, wrong=request.method == "POST")

    @app.post("/logout")
    def logout():
        logout_user()
        return redirect(url_for("login"))

    return app
