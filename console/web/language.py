"""Which language the answer to a request is in."""

from __future__ import annotations

from flask import has_request_context, request
from werkzeug.datastructures import LanguageAccept

from console import languages
from mfa import at_work


def choose() -> str | None:
    """The account's own, where somebody is signed in who has one; else the best that the browser asks for."""
    if not has_request_context():
        return None
    # Looked at only if the request has asked already: an error page must not ask the database.
    visitor = at_work.kept().get("_login_user")
    own = languages.known(visitor.person.language) if visitor and visitor.is_authenticated else None
    if own:
        return own
    # One by one: of all together, "ko" would be a better match for "en-GB, ko" than "en" is.
    asked = (LanguageAccept([one]).best_match(languages.codes()) for one in request.accept_languages)
    return next(filter(None, asked), None)
