"""What the two contenders on Django share: settings, the bench's hash cost, the count of statements."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from bench import meter, people


class Hasher(Argon2PasswordHasher):
    """argon2id at the cost that all contenders have."""

    time_cost, memory_cost, parallelism = (people.cost()[name] for name in "tmp")


def configure(urls: str, *, apps: list[str], middleware: list[str], **others: Any) -> None:
    """Django's settings for production, on SQLite in WAL mode.

    :param middleware: what comes after authentication.
    """
    settings.configure(
        SECRET_KEY="0123456789abcdef" * 4,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=urls,
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            *apps,
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            *middleware,
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": people.folder() / "django.db",
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 10,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
                },
            }
        },
        PASSWORD_HASHERS=["bench.peers.django_parts.Hasher"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STATIC_URL="/static/",
        **others,
    )


def count_statements() -> None:
    """Count what every connection is asked."""

    connection_created.connect(
        lambda connection, **_: meter.trace(connection.connection), weak=False, dispatch_uid="bench"
    )


def home(request: HttpRequest) -> HttpResponse:
    """Where a sign-in ends: it says who is signed in."""
    return HttpResponse(f"<p>{request.user}</p>")
