from flask import current_app
from flask_login import UserMixin
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db, login_manager

RESET_SECONDS = 3600


class User(UserMixin, db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]

    def set_password(self, password: str) -> None:
        self.password_hash = generate_password_hash(password)

    def check_password(self, password: str) -> bool:
        return check_password_hash(self.password_hash, password)

    def reset_token(self) -> str:
        return self._signer().dumps("reset")

    def is_reset_token(self, token: str) -> bool:
        try:
            self._signer().loads(token, max_age=RESET_SECONDS)
        except BadData:
            return False
        return True

    def _signer(self) -> URLSafeTimedSerializer:
        # A token ends with the password that it replaces.
        return URLSafeTimedSerializer(current_app.secret_key, salt=self.password_hash)


class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(db.ForeignKey("user.id"))
    text: Mapped[str]


@login_manager.user_loader
def load(user_id: str) -> User | None:
    return db.session.get(User, int(user_id))


def fill() -> None:
    """Add the one person of this example."""
    if not db.session.query(User).count():
        mina = User(email="mina@example.com", name="Mina Park")
        mina.set_password("orange kettle drives north")
        db.session.add(mina)
        db.session.commit()
