"""What stands around the extension's partials: a page of the host, or one of our own."""

from __future__ import annotations

import re
from collections.abc import Iterable

import jinja2
from flask import current_app, g, render_template
from markupsafe import Markup

from mfa import at_work
from mfa.errors import SetUpWrong
from mfa.i18n import Text
from mfa.web import templates
from mfa.web.host import host

ACCOUNT, SIGN_IN, SHEET = "account", "sign_in", "sheet"
KINDS = (ACCOUNT, SIGN_IN, SHEET)
"""The kinds of page: where somebody is signed in, a step of signing in, and a sheet for the printer."""
STANDALONE = "mfa/standalone.html"
"""A page of our own, with nothing of the host."""
_OWN = {ACCOUNT: STANDALONE, SIGN_IN: STANDALONE, SHEET: "mfa/standalone_sheet.html"}
_EXTENSION = "mfa.page"


def around(content: Markup, layout: str, *, title: Text, partial: str, tab: str | None) -> str:
    """Return the page of *content*.

    A layout is a template of the host, rendered as all its others. It gets ``content``, ``title``,
    ``partial`` (the name of what was rendered) and ``tab`` (of the dialog). Where the host names a block,
    its layout is extended instead, with that block and one named ``title`` filled.

    :param layout: one of the kinds, or the name of a template.
    :raises SetUpWrong: the layout does not print that block, so that the page would be blank.
    """
    values = {"content": content, "title": title, "partial": partial, "tab": tab}
    name = host().layouts.get(layout) or _OWN.get(layout, layout)
    in_layout = at_work.kept().mfa_in_layout = not name.startswith("mfa/")
    if not in_layout:
        return templates.render(name, host=host(), kind=layout, **values)
    block = host().block if layout in _OWN else None
    if block is None:
        return render_template(name, **values)
    framed = Markup(templates.render("mfa/_frame.html", content=content, kind=layout))  # noqa: S704 (escaped there)
    printed = _Printed(framed)
    page = render_template(_extending(block), mfa_layout=name, mfa_content=printed, title=title)
    if not printed.is_printed:
        raise SetUpWrong(
            f"The layout {name!r} prints no block {block!r}: say which takes the pages of two-step,"
            " TwoStep(layout_block=…)."
        )
    return page


class _Printed:
    """Content for a template, and whether that has printed it."""

    def __init__(self, content: Markup) -> None:
        self._content = content
        self.is_printed = False

    def __call__(self) -> Markup:
        self.is_printed = True
        return self._content


def check(names: Iterable[str]) -> None:
    """Refuse the *names* of layouts that the application does not have.

    :raises SetUpWrong: one of them.
    """
    for name in names:
        try:
            current_app.jinja_env.get_template(name)
        except jinja2.TemplateNotFound as error:
            raise SetUpWrong(
                f"There is no template {name!r} to put the pages of two-step in: TwoStep(layout=…)."
            ) from error


def is_of_host() -> bool:
    """Return True if the answer at work stands in a layout of the host."""
    return bool(g.get("mfa_in_layout"))


def _extending(block: str) -> jinja2.Template:
    """Return the template of the host's environment that puts our content into *block* of a layout."""
    made: dict[str, jinja2.Template] = current_app.extensions.setdefault(_EXTENSION, {})
    if block not in made:
        env = current_app.jinja_env
        # In the host's delimiters, for what is in force there holds here too.
        text = "<% extends mfa_layout %>"
        for name, value in (("title", "title"), (block, "mfa_content()")):
            text += f"<% block {name} %><= {value} =><% endblock %>"
        theirs = {
            "<%": env.block_start_string,
            "%>": env.block_end_string,
            "<=": env.variable_start_string,
            "=>": env.variable_end_string,
        }
        made[block] = env.from_string(re.sub("<%|%>|<=|=>", lambda found: theirs[found[0]], text))
    return made[block]
