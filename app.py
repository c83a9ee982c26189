"""The WSGI entry."""

from mfa import create_app
from mfa.config import BadSetting

try:
    app = create_app()
except BadSetting as error:
    # One sentence for the operator; a traceback would bury it.
    raise SystemExit(f"Twostep can't start. {error}") from None
