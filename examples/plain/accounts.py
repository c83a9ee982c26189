"""All that Twostep asks of the notebook: who somebody is, and how they are signed in."""

from flask import redirect, session, url_for
from werkzeug.security import check_password_hash

from examples.plain import users
from mfa import Accounts, Person


class NotebookAccounts(Accounts):
    def current(self):
        return self.get(session["user"]) if "user" in session else None

    def get(self, person_id):
        user = users.by_id(person_id)
        return self.identify(user) if user else None

    def identify(self, user):
        if isinstance(user, Person):
            return user
        return Person(id=str(user["id"]), email=user["email"], name=user["name"])

    def check_password(self, person, typed):
        return check_password_hash(users.by_id(person.id)["password"], typed)

    def log_in(self, person, next, *, remember=False):
        self.begin_session(int(person.id))
        return redirect(next or url_for("home"))

    def log_out(self):
        session.clear()

    def stamp(self, person):
        """What was begun before the password or the address changed can't be ended after it."""
        user = users.by_id(person.id)
        return f"{user['email']} {user['password']}"

    def pages(self):
        return {"sign_in": "login", "home": "home"}

    def begin_session(self, user_id):
        session["user"] = user_id
        self.note_proof(self.current())  # the password was typed just now: nobody asks for it again at once
