"""What every template has besides what its route gives it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from flask import Flask

from console import branding, fast
from console.web import notices, times
from mfa import clock, words
from mfa.notices.addresses import in_ascii
from mfa.web import hx


def equip(app: Flask, *, two_step_on: Callable[[], bool]) -> None:
    """Give the templates of *app* their filters and values.

    :param two_step_on: whether the visitor's 2-step verification is on.
    """
    fast.speed_up_texts(app)
    env = app.jinja_env
    env.filters.update(moment=times.moment, day=times.day, device=words.device, in_ascii=in_ascii)
    env.globals.update(
        product_name=app.config["PRODUCT_NAME"],
        support_address=app.config["SUPPORT_ADDRESS"],
        two_step_on=two_step_on,
        accent=app.config["ACCENT_COLOR"],
        on_accent=branding.text_on(app.config["ACCENT_COLOR"]),
        accent_edge=branding.edge_of(app.config["ACCENT_COLOR"]),
        clock_now=clock.now,
        notices=notices.said,
        is_fragment=hx.wanted,
    )
    env.globals["icon"] = f"data:image/svg+xml,{quote(env.get_template('_icon.svg').render())}"
