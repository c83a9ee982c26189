"""django-two-factor-auth: enrollment, sign-in with TOTP, and the profile page."""

from __future__ import annotations

import base64
import sys

import django

from bench import meter, people
from bench.peers import django_parts

django_parts.configure(
    "bench.peers.two_factor.urls",
    apps=["django_otp", "django_otp.plugins.otp_static", "django_otp.plugins.otp_totp", "two_factor"],
    middleware=["django_otp.middleware.OTPMiddleware"],
    LOGIN_URL="two_factor:login",
    LOGIN_REDIRECT_URL="/",
)
django.setup()

from django.core.wsgi import get_wsgi_application

django_parts.count_statements()
app = meter.wrap(get_wsgi_application())


def seed() -> None:
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django_otp.plugins.otp_totp.models import TOTPDevice

    call_command("migrate", verbosity=0)
    hashed = make_password(people.PASSWORD)
    on = [people.protected(number) for number in range(people.count())]
    off = [people.plain(number) for number in range(people.count())]
    User.objects.bulk_create([User(username=email, email=email, password=hashed) for email in on + off])
    users = {user.email: user for user in User.objects.all()}
    key = base64.b32decode(people.SECRET).hex()
    TOTPDevice.objects.bulk_create([TOTPDevice(user=users[email], name="default", key=key) for email in on])


if __name__ == "__main__" and sys.argv[1:] == ["seed"]:
    seed()
