"""Every setting with its default, and those that are fixed."""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, Any] = {
    # How it runs
    "MODE": "production",  # or "development": keys, database and mailbox made by themselves
    "SECRET_KEY": None,  # at least 32 characters of randomness
    "SECRET_KEY_FALLBACKS": [],  # other keys that are read: older ones, and one to come
    "SERVER_NAME": None,  # host[:port] that the e-mailed links lead to
    "APPLICATION_ROOT": "/",  # the path below which the application stands, like /two-step
    "PREFERRED_URL_SCHEME": None,  # https; http in development
    "TRUSTED_HOSTS": None,  # hosts that requests may name; SERVER_NAME's in production
    "TRUSTED_PROXIES": 0,  # how many proxies stand before the server and set X-Forwarded-For and -Proto
    "SQLALCHEMY_DATABASE_URI": None,  # sqlite in the instance folder
    # The server of `make serve`
    "WORKERS": None,  # processes; twice the processor's cores
    "THREADS": 4,  # requests that each process has under way at once
    "DRAIN_SECONDS": 10,  # after SIGTERM, for balancers to see /readyz at 503 before the port closes
    # The token that opens /metrics; without it, nobody can read them
    "METRICS_TOKEN": None,
    # Mail
    "MAIL_SERVER": None,
    "MAIL_PORT": 25,
    "MAIL_USE_TLS": False,
    "MAIL_USE_SSL": False,
    "MAIL_USERNAME": None,
    "MAIL_PASSWORD": None,
    "MAIL_DEFAULT_SENDER": None,  # no-reply@ the host of SERVER_NAME
    "MAIL_TIMEOUT": 5,  # seconds
    "MAIL_DOMAINS": [],  # internal domains, like corp.local, whose addresses are accepted all the same
    "MAIL_WORKER": "thread",  # "thread" delivers inside the server, "none" leaves it to `mail deliver`
    # What is written down, and what is limited by address range
    "EVENT_LOG": "stderr",  # or "none", or a file in the instance folder
    "RATELIMIT_STORAGE_URI": "database://",  # or redis://…; with memory:// each process counts alone
    "RATELIMIT_REFUSED": "30 per minute; 300 per hour",  # refused passwords and codes of one range
    "RATELIMIT_MAILS": "20 per minute; 200 per hour",  # asked-for mails of one range
    # What people see
    "PRODUCT_NAME": "Twostep",
    "SUPPORT_ADDRESS": "",
    "ACCENT_COLOR": "#3552bc",  # #rrggbb; the tones for light, dark and more contrast are made from it
    "LOGO": None,  # path of an SVG, PNG or WebP file that stands in place of the shield
    # Passwords
    "PASSWORD_MIN_LENGTH": 15,  # characters
    "PASSWORD_HASH_COST": "t=3,m=65536,p=4",
    "RECOVERY_HASH_COST": "t=2,m=19456,p=1",
    # Sessions
    "SESSION_IDLE_SECONDS": 12 * 3600,
    "SESSION_ABSOLUTE_SECONDS": 30 * 24 * 3600,
}

TEXTS = (
    "SECRET_KEY",
    "SERVER_NAME",
    "APPLICATION_ROOT",
    "MAIL_SERVER",
    "MAIL_USERNAME",
    "MAIL_PASSWORD",
    "METRICS_TOKEN",
    "PRODUCT_NAME",
    "LOGO",
)
"""Taken from the environment as they stand: a password of digits must not become a number."""

SWITCHES = ("MAIL_USE_TLS", "MAIL_USE_SSL")
"""On or off; the environment may say so in any of the usual words."""

FROM_FILES = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "MAIL_PASSWORD",
    "METRICS_TOKEN",
    "SQLALCHEMY_DATABASE_URI",
    "RATELIMIT_STORAGE_URI",
)
"""Secrets that may also be named by a file: ``MFA_SECRET_KEY_FILE`` holds the path."""

FIXED: dict[str, Any] = {
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    # A poll must not write the cookie: it would overwrite what another request has just put there.
    "SESSION_REFRESH_EACH_REQUEST": False,
    "MAX_CONTENT_LENGTH": 64 * 1024,
    "MAX_FORM_MEMORY_SIZE": 64 * 1024,
    "WTF_CSRF_TIME_LIMIT": None,
    # Pages reached by a token send no Referer; the guard looks at Sec-Fetch-Site instead.
    "WTF_CSRF_SSL_STRICT": False,
    "WTF_CSRF_ENABLED": True,
    "WTF_CSRF_CHECK_DEFAULT": True,
    "RATELIMIT_ENABLED": True,
    "SQLALCHEMY_TRACK_MODIFICATIONS": False,
    # An error of the database must not carry what was being written into a log.
    "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
    "RATELIMIT_STRATEGY": "moving-window",
    "RATELIMIT_HEADERS_ENABLED": False,
    # Without its store the ranges are counted by each process alone; codes are counted in the database.
    "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
    "RATELIMIT_SWALLOW_ERRORS": True,
    # A store that hangs is one that is away: nobody waits for it longer than this, in seconds.
    "RATELIMIT_STORAGE_OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
}
