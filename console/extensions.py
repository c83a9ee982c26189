"""The Flask extensions, made here and bound to the application in ``create_app``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_mail import Mail
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

from console import fast
from mfa import TwoStep
from mfa.autocommit import AutocommitSession
from mfa.database import NAMING


class Base(DeclarativeBase):
    """The base of every model; constraints are named so that migrations can change them."""

    metadata = MetaData(naming_convention=NAMING)


class Session(AutocommitSession, FlaskSession):
    """One of Flask-SQLAlchemy that ends well also where its connection broke after the last question.

    It is closed when the answer is made, which would otherwise be thrown away; what was not committed is gone
    with the connection.
    """

    def close(self) -> None:
        try:
            super().close()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise


# What was read stays readable after a commit: the request renders from it without asking again, and
# what decides is a conditional statement, never an object read before.
db = SQLAlchemy(model_class=Base, session_options={"class_": Session, "expire_on_commit": False})
if TYPE_CHECKING:

    class Model(Base):
        """What the type checker sees of ``db.Model``, which is made while the program runs."""

        __abstract__ = True
else:
    Model = db.Model


two_step = TwoStep(
    session=db.session,
    verify_prefix="/sign-in/verify",
    layout={"account": "console.html", "sign_in": "card.html", "sheet": "sheet.html"},
    layout_block=None,
    stands_alone=False,
)
mail = Mail()
csrf = fast.Csrf()
login_manager = fast.Logins()
