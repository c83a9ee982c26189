"""django-allauth with its MFA: enrollment, sign-in with TOTP, and the settings page."""

from __future__ import annotations

import sys

import django

from bench import meter, people
from bench.peers import django_parts

django_parts.configure(
    "bench.peers.allauth.urls",
    apps=["allauth", "allauth.account", "allauth.mfa"],
    middleware=["allauth.account.middleware.AccountMiddleware"],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    ACCOUNT_LOGIN_METHODS={"email"},
    ACCOUNT_SIGNUP_FIELDS=["email*", "password1*"],
    ACCOUNT_EMAIL_VERIFICATION="none",
    # The driver signs many people in from one address.
    ACCOUNT_RATE_LIMITS=False,
    MFA_SUPPORTED_TYPES=["totp", "recovery_codes"],
    LOGIN_REDIRECT_URL="/",
)
django.setup()

from django.core.wsgi import get_wsgi_application

django_parts.count_statements()
app = meter.wrap(get_wsgi_application())


def seed() -> None:
    from allauth.account.models import EmailAddress
    from allauth.mfa.adapter import get_adapter
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    hashed = make_password(people.PASSWORD)
    on = [people.protected(number) for number in range(people.count())]
    off = [people.plain(number) for number in range(people.count())]
    User.objects.bulk_create([User(username=email, email=email, password=hashed) for email in on + off])
    users = {user.email: user for user in User.objects.all()}
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=email, primary=True, verified=True) for email, user in users.items()]
    )
    secret = get_adapter().encrypt(people.SECRET)
    Authenticator.objects.bulk_create(
        [
            Authenticator(user=users[email], type=Authenticator.Type.TOTP, data={"secret": secret})
            for email in on
        ]
    )
    seed_codes = get_adapter().encrypt(RecoveryCodes.generate_seed())
    Authenticator.objects.bulk_create(
        [
            Authenticator(
                user=users[email],
                type=Authenticator.Type.RECOVERY_CODES,
                data={"seed": seed_codes, "used_mask": 0},
            )
            for email in on
        ]
    )


if __name__ == "__main__" and sys.argv[1:] == ["seed"]:
    seed()
