"""Flask-WTF's CSRF token, made more quickly; :data:`ON` turns it off.

Flask-WTF tries to compress each token, which is never worth it, and looks for all that it needs through
Flask's proxies: 293,000 of the processor's instructions, a twentieth of the tab 2-Step Verification.

The token is the same both ways (``tests/web/test_csrf.py``), and Flask-WTF checks it.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from flask_wtf.csrf import generate_csrf
from itsdangerous import TimedSerializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

from mfa import at_work

ON = True
_SALT = "wtf-csrf-token"


class _Tokens(URLSafeTimedSerializer):
    """Flask-WTF's serializer, which also reads what is not compressed."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(TimedSerializer.dump_payload(self, obj))


@lru_cache(maxsize=64)
def _tokens(key: str | bytes | tuple[str, ...] | tuple[bytes, ...]) -> _Tokens:
    return _Tokens(key, salt=_SALT)


def field_name() -> str:
    """Return the name of the field in which a form posts its CSRF token."""
    return str(at_work.app().config.get("WTF_CSRF_FIELD_NAME", "csrf_token"))


def raw_half() -> str:
    """Return what the session of this browser keeps of its token, and names that session; made if missing."""
    name, session = field_name(), at_work.session()
    found = session.get(name)
    if not isinstance(found, str):
        # 160 bits, as Flask-WTF makes it.
        found = session[name] = secrets.token_hex(20)
    return found


def token() -> str:
    """Return the CSRF token of this request, as Flask-WTF does."""
    name, kept, app = field_name(), at_work.kept(), at_work.app()
    # Flask-WTF keeps it there, and in the session what it is made of.
    found: str | None = kept.get(name)
    if found is not None:
        return found
    raw = raw_half()
    key = app.config.get("WTF_CSRF_SECRET_KEY", app.secret_key)
    if not (ON and key):
        return str(generate_csrf())
    found = _tokens(key if isinstance(key, str | bytes) else tuple(key)).dumps(raw)
    setattr(kept, name, found)
    return found
