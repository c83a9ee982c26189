"""The floors: what Flask costs with nothing in it, and with one statement and one small fragment."""

from __future__ import annotations

import sqlite3
import sys

from flask import Flask, render_template

from bench import meter, people

flask = Flask(__name__)
app = meter.wrap(flask.wsgi_app)


@flask.get("/bare")
def bare() -> str:
    return "<p>It works.</p>"


@flask.get("/fragment")
def fragment() -> str:
    row = _connection().execute("SELECT name, since FROM people WHERE id = ?", (1,)).fetchone()
    return render_template("fragment.html", name=row[0], since=row[1])


def _connection() -> sqlite3.Connection:
    # One a worker, as a pool would keep it.
    kept = getattr(_connection, "kept", None)
    if kept is None:
        kept = sqlite3.connect(people.folder() / "floor.db", check_same_thread=False)
        _connection.kept = kept
    return kept


def seed() -> None:
    with sqlite3.connect(people.folder() / "floor.db") as connection:
        # Kept in the file. Two workers that asked for it at once would have one of them refused.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, since TEXT)")
        connection.execute("INSERT INTO people VALUES (1, 'Mina Park', '24 November 2026')")


if __name__ == "__main__" and sys.argv[1:] == ["seed"]:
    seed()
