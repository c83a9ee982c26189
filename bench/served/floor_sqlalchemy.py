"""The floor with the database layer of Twostep: Flask, Flask-SQLAlchemy, one SELECT, one small fragment."""

from __future__ import annotations

import sys

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench import meter, people


class Base(DeclarativeBase):
    pass


flask = Flask(__name__)
flask.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{people.folder() / 'floor.db'}"
db = SQLAlchemy(flask, model_class=Base)
app = meter.wrap(flask.wsgi_app)


class Person(Base):
    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    since: Mapped[str]


@flask.get("/fragment")
def fragment() -> str:
    person = db.session.scalars(db.select(Person).where(Person.id == 1)).one()
    return render_template("fragment.html", name=person.name, since=person.since)


def seed() -> None:
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    Base.metadata.create_all(db.engine)
    db.session.add(Person(id=1, name="Mina Park", since="24 November 2026"))
    db.session.commit()


with flask.app_context():
    meter.count_of_sqlalchemy(db.engine)
    if __name__ == "__main__" and sys.argv[1:] == ["seed"]:
        seed()
