"""The users of the notebook: one table, and the questions that are asked of it."""

import sqlite3

from flask import current_app, g
from werkzeug.security import check_password_hash, generate_password_hash

TABLE = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL, password TEXT NOT NULL
)
"""
MINA = "mina@example.com", "Mina Park", "orange kettle drives north"


def init_app(app):
    """Make the table, with somebody in it, and close the connection after each request."""
    app.teardown_appcontext(_close)
    email, name, password = MINA
    with app.app_context():
        _connection().execute(TABLE)
        if by_email(email) is None:
            row = email, name, generate_password_hash(password)
            _connection().execute("INSERT INTO users (email, name, password) VALUES (?, ?, ?)", row)
        _connection().commit()


def by_id(user_id):
    return _connection().execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()


def by_email(email):
    return _connection().execute("SELECT * FROM users WHERE email = ?", (email,)).fetchone()


def by_password(email, typed):
    """Return the user with that address, if *typed* is their password."""
    user = by_email(email)
    return user if user and check_password_hash(user["password"], typed) else None


def _connection():
    if "connection" not in g:
        g.connection = sqlite3.connect(current_app.config["DATABASE"])
        g.connection.row_factory = sqlite3.Row
    return g.connection


def _close(_error):
    connection = g.pop("connection", None)
    if connection is not None:
        connection.close()
