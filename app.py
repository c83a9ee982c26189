"""The WSGI entry."""

from mfa import create_app

app = create_app()
