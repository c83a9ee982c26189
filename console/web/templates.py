"""What every template has besides what its route gives it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

from babel.support import NullTranslations
from flask import Flask
from markupsafe import Markup

from console import fast, languages
from console.web import notices
from mfa import colors
from mfa.web import templates


def equip(
    app: Flask,
    *,
    two_step_on: Callable[[], bool],
    requirement_due: Callable[[], object],
    help_waiting: Callable[[], object],
) -> None:
    """Give the templates of *app* their filters and values.

    :param two_step_on: whether the visitor's 2-step verification is on.
    :param requirement_due: by when the visitor must have what they lack of what is required of them.
    :param help_waiting: the request to help the visitor that waits for approval.
    """
    env = app.jinja_env
    # The pages of the console are made of the extension's macros too.
    env.filters.update(templates.FILTERS)
    env.globals.update(
        templates.GLOBALS,
        product_name=app.config["PRODUCT_NAME"],
        support_address=app.config["SUPPORT_ADDRESS"],
        two_step_on=two_step_on,
        requirement_due=requirement_due,
        help_waiting=help_waiting,
        accent=app.config["ACCENT_COLOR"],
        on_accent=colors.text_on(app.config["ACCENT_COLOR"]),
        accent_edge=colors.edge_of(app.config["ACCENT_COLOR"]),
        notices=notices.said,
        spoken=lambda: _spoken(languages.catalog()),
    )
    fast.speed_up(env)
    env.globals["icon"] = f"data:image/svg+xml,{quote(env.get_template('_icon.svg').render())}"
    fast.speed_up(templates.environment(app))


@lru_cache(maxsize=64)
def _spoken(_catalog: NullTranslations) -> Markup:
    """Return what the scripts say: the same on every page in the language of a catalog."""
    return Markup(templates.render("mfa/_spoken.html"))  # noqa: S704 (a template escaped it)
