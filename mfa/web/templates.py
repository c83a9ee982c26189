"""What every template has besides what its route gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request
from jinja2.nodes import EvalContext
from jinja2.runtime import Macro
from jinja2.utils import pass_eval_context
from markupsafe import Markup

from mfa import branding, clock, languages
from mfa.web import words

_MACROS = ("_fields.html", "_six_digits.html", "two_step/_wizard.html")
"""The templates whose macros all others have, in an order in which none needs a later one."""


def equip(app: Flask, *, two_step_on: Callable[[], bool]) -> None:
    """Give the templates of *app* their filters, values and macros.

    :param two_step_on: whether the visitor's 2-step verification is on.
    """
    env = app.jinja_env
    env.filters.update(moment=words.moment, day=words.day, device=words.device)
    env.globals.update(
        product_name=app.config["PRODUCT_NAME"],
        support_address=app.config["SUPPORT_ADDRESS"],
        two_step_on=two_step_on,
        accent=app.config["ACCENT_COLOR"],
        on_accent=branding.text_on(app.config["ACCENT_COLOR"]),
        accent_edge=branding.edge_of(app.config["ACCENT_COLOR"]),
        clock_now=clock.now,
        _=_translated,
        url_for=_url_for(app),
    )
    for name in _MACROS:
        # Once, not by an import in each template: that took 25 µs, and a tab has four.
        exported = vars(env.get_template(name).module)
        env.globals.update({key: macro for key, macro in exported.items() if isinstance(macro, Macro)})


def _url_for(app: Flask) -> Callable[..., str]:
    """``url_for``, which builds the address of a page without variables once: a whole page has ten of them.

    They are the same for everyone, but for the path under which the server stands.
    """
    built: dict[tuple[str, str], str] = {}

    def url_for(endpoint: str, **values: Any) -> str:
        if values:
            return app.url_for(endpoint, **values)
        place = request.root_path, endpoint
        if place not in built:
            built[place] = app.url_for(endpoint)
        return built[place]

    return url_for


@pass_eval_context
def _translated(context: EvalContext, text: str, /, **values: Any) -> str:
    """*text* in the language that is spoken, with *values*, which alone are escaped: as by Jinja's own."""
    found = languages.text(text)
    return (Markup(found) if context.autoescape else found) % values  # noqa: S704
