from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import logout_user
from flask_mail import Message

from .extensions import db, mail
from .models import User
from .two_step import two_step

blueprint = Blueprint("auth", __name__)


@blueprint.get("/login")
def login():
    return render_template("auth/login.html")


@blueprint.post("/login")
def sign_in():
    user = db.session.query(User).filter_by(email=request.form["email"]).first()
    if user is None or not user.check_password(request.form["password"]):
        return render_template("auth/login.html", wrong=True), 422
    return two_step.sign_in(user, next=request.args.get("next"), remember="remember" in request.form)


@blueprint.post("/logout")
def logout():
    logout_user()
    return redirect(url_for(".login"))


@blueprint.get("/forgot")
def forgot():
    return render_template("auth/forgot.html")


@blueprint.post("/forgot")
def send_link():
    user = db.session.query(User).filter_by(email=request.form["email"]).first()
    if user:
        link = url_for(".reset", user_id=user.id, token=user.reset_token(), _external=True)
        mail.send(Message("Set a new password", [user.email], body=f"Open this within an hour:\n\n{link}\n"))
    flash("If we know this address, a mail is on its way to it.")
    return redirect(url_for(".login"))


@blueprint.get("/reset/<int:user_id>/<token>")
def reset(user_id: int, token: str):
    if not db.get_or_404(User, user_id).is_reset_token(token):
        flash("This link has ended. Ask for a new one.")
        return redirect(url_for(".forgot"))
    return render_template("auth/reset.html")


@blueprint.post("/reset/<int:user_id>/<token>")
def set_password(user_id: int, token: str):
    user = db.get_or_404(User, user_id)
    if not user.is_reset_token(token):
        return redirect(url_for(".reset", user_id=user_id, token=token))
    two_step.account_changed(user)
    user.set_password(request.form["password"])
    db.session.commit()
    return two_step.sign_in(user)
