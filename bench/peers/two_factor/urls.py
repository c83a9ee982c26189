"""The pages of django-two-factor-auth, and the one that a sign-in ends on."""

from django.urls import include, path
from two_factor.urls import urlpatterns as two_factor

from bench.peers.django_parts import home

urlpatterns = [path("", home), path("", include(two_factor))]
