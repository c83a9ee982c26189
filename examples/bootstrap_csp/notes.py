from flask import Blueprint, redirect, render_template, request, url_for
from flask_login import current_user, login_required

from .extensions import db
from .models import Note

blueprint = Blueprint("notes", __name__)


@blueprint.before_request
@login_required
def signed_in() -> None:
    """Let nobody else in."""


@blueprint.get("/")
def index():
    return render_template("notes/index.html", notes=_notes())


@blueprint.post("/notes")
def add():
    db.session.add(Note(user_id=current_user.id, text=request.form["text"]))
    db.session.commit()
    if "HX-Request" in request.headers:
        return render_template("notes/_list.html", notes=_notes())
    return redirect(url_for(".index"))


@blueprint.get("/notes/<int:note_id>")
def one(note_id: int):
    note = db.first_or_404(db.select(Note).filter_by(id=note_id, user_id=current_user.id))
    return render_template("notes/one.html", note=note)


def _notes() -> list[Note]:
    return db.session.query(Note).filter_by(user_id=current_user.id).order_by(Note.id).all()
