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
    "WORKERS": None,  # processes; as many as the processor's cores, and 2 at least
    "THREADS": 4,  # requests that each process has under way at once
    "HASHES_AT_ONCE": None,  # passwords that each process hashes at a time; its share of the cores
    "READ_SECONDS": 10,  # that a client may take to send a request: its headers, then its body
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
    # Webhooks
    "WEBHOOK_URL": None,  # https, of the system that hears of changes; without it, none are sent
    "WEBHOOK_SECRET": None,  # whsec_…; several while one replaces another
    "WEBHOOK_PRIVATE_NETWORKS": [],  # like 10.0.0.0/8, where the receiver may be all the same
    "WEBHOOK_CA_FILE": None,  # PEM file of the authority that vouches for it, instead of the system's
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
    "PASSWORD_HASH_COST": "t=3,m=65536,p=1",
    "RECOVERY_HASH_COST": "t=2,m=19456,p=1",
    # Passkeys
    "PASSKEY_RP_ID": None,  # the domain that they are made for; the host of SERVER_NAME
    "PASSKEY_ORIGINS": [],  # where else their pages are, like https://other.example
    "PASSKEY_SIGN_IN": True,  # people may sign in by a passkey alone
    "PASSKEY_AAGUIDS": [],  # the only kinds of authenticator that are allowed
    "PASSKEY_ROOTS": None,  # the folder of the certificates that prove these
    # Sessions
    "SESSION_IDLE_SECONDS": 12 * 3600,
    "SESSION_ABSOLUTE_SECONDS": 30 * 24 * 3600,
    # The second step
    "REMEMBER_DAYS": 30,  # for which it is left out in a browser, where its person wants so; 0: never
    "RECOVERY_DAYS": 0,  # after which somebody gets back who has lost it and all recovery codes; 0: never
    # What is deleted, and when
    "DELETION_DAYS": 14,  # for which owners may take the deletion of their account back; 0: they can't
    "ACTIVITY_DAYS": 365,  # events of an account
    "THROTTLE_DAYS": 1,  # counters of attempts, from the last one on; wrong codes count until a right one
}

TEXTS = (
    "SECRET_KEY",
    "SERVER_NAME",
    "APPLICATION_ROOT",
    "MAIL_SERVER",
    "MAIL_USERNAME",
    "MAIL_PASSWORD",
    "WEBHOOK_URL",
    "WEBHOOK_SECRET",
    "WEBHOOK_CA_FILE",
    "METRICS_TOKEN",
    "PRODUCT_NAME",
    "LOGO",
    "PASSKEY_RP_ID",
    "PASSKEY_ROOTS",
)
"""Taken from the environment as they stand: a password of digits must not become a number."""

SWITCHES = ("MAIL_USE_TLS", "MAIL_USE_SSL", "PASSKEY_SIGN_IN")
"""On or off; the environment may say so in any of the usual words."""

FROM_FILES = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "MAIL_PASSWORD",
    "WEBHOOK_URL",
    "WEBHOOK_SECRET",
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
    "SQLALCHEMY_TRACK_MODIFICATIONS": False,
    # An error of the database must not carry what was being written into a log.
    "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
}
