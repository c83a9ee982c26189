"""A notebook with sessions of its own, a table of users in plain SQL, and a login that speaks JSON.

    flask --app examples.plain --debug two-step db upgrade
    flask --app examples.plain --debug run

See README.md beside this file.
"""

from pathlib import Path

from flask import Flask, redirect, render_template, request, session, url_for

from examples.plain import users
from examples.plain.accounts import NotebookAccounts
from mfa import TwoStep

accounts = NotebookAccounts()
two_step = TwoStep(accounts)


def create_app(**settings):
    app = Flask(__name__)
    folder = Path(app.instance_path)
    app.config.update(
        SECRET_KEY="made up, of 32 characters or more",
        SESSION_COOKIE_SAMESITE="Lax",
        DATABASE=str(folder / "notebook.db"),
        MAIL_DEFAULT_SENDER="notebook@example.com",
        MFA_PRODUCT_NAME="Notebook",
        MFA_SERVER_NAME="127.0.0.1:5000",  # where the links in mails lead
    )
    app.config.from_prefixed_env()
    app.config.update(settings)
    app.config.setdefault("MFA_DATABASE_URI", f"sqlite:///{app.config['DATABASE']}")
    folder.mkdir(parents=True, exist_ok=True)
    users.init_app(app)
    two_step.init_app(app)

    @app.get("/")
    def home():
        if "user" not in session:
            return redirect(url_for("login"))
        return render_template("home.html", user=users.by_id(session["user"]))

    @app.get("/login")
    def login():
        return render_template("login.html")

    @app.post("/login")
    def log_in_by_form():
        """Without JavaScript: the form is posted, and answered by a page."""
        user = users.by_password(request.form.get("email", ""), request.form.get("password", ""))
        if user is None:
            return render_template("login.html", wrong=True), 422
        return two_step.sign_in(user, next=request.args.get("next"))

    @app.post("/api/login")
    def log_in_by_json():
        """With it: the script asks for data, and goes where the answer leads."""
        typed = request.get_json()
        user = users.by_password(typed.get("email", ""), typed.get("password", ""))
        if user is None:
            return {"error": "Email or password is not right."}, 422
        address = two_step.challenge(user, next=request.args.get("next"))
        if address:
            return {"two_step": address}
        accounts.begin_session(user["id"])
        return {"ok": True}

    @app.post("/logout")
    def logout():
        session.clear()
        return redirect(url_for("login"))

    return app
