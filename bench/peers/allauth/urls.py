"""The pages of allauth, and the one that a sign-in ends on."""

from django.urls import include, path

from bench.peers.django_parts import home

urlpatterns = [path("", home), path("accounts/", include("allauth.urls"))]
