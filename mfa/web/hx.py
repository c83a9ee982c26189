"""Fragment or full page, from one template: the partial alone for htmx, inside its layout for anyone else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, render_template
from markupsafe import Markup, escape

from mfa import at_work
from mfa.i18n import Text
from mfa.web import fragments, layouts, posted, templates
from mfa.web.host import host

_REDIRECTS = (301, 302, 303, 307, 308)

wanted = fragments.wanted


def render(
    partial: str,
    layout: str,
    *,
    title: Text,
    status: int = 200,
    url: str | None = None,
    once: Mapping[str, Any] | None = None,
    **context: Any,
) -> Response:
    """Answer with *partial*: one of the extension's, ``mfa/…``, or one of the application's own.

    :param layout: the page around it when it is not htmx that asks: a kind of :mod:`mfa.web.layouts`, or a
        template of the application.
    :param url: the address that the browser should show from now on.
    :param once: what the partial gets besides *context*, and what a plain post takes along to the page that
        it redirects to: short texts and switches, and nothing secret. Empty where that page knows all of it.
    """
    context |= once or {}
    if not wanted():
        said = posted.Said(partial, layout, str(title), status, dict(once or {}), posted.state(context))
        tells = (once is not None or said.forms) and posted.wanted(status)
        return (posted.redirect(said) if tells else None) or _whole(said, context)
    body = f"<title>{escape(title)} · {escape(host().product)}</title>"
    body += _text(partial, title, context)
    response = _personal(at_work.app().response_class(body, status))
    if url:
        response.headers["HX-Push-Url"] = url
    return response


def _whole(shown: posted.Said, context: dict[str, Any]) -> Response:
    said = posted.take()
    # A form that was refused is shown only where its own page still shows that form.
    if said and (said.partial == shown.partial or not said.forms):
        posted.put_back(said.forms, context)
        shown, context = said, context | said.values
    return whole(shown.partial, shown.layout, title=shown.title, status=shown.status, **context)


def whole(partial: str, layout: str, *, title: Text, status: int = 200, **context: Any) -> Response:
    """Answer with *partial* inside *layout*, to htmx too."""
    content = Markup(_text(partial, title, context))  # noqa: S704 (a template escaped it)
    text = layouts.around(content, layout, title=title, partial=partial, tab=context.get("tab"))
    return _personal(at_work.app().response_class(text, status))


def page(template: str, *, title: Text, status: int = 200, **context: Any) -> Response:
    """Answer with a whole page of the application's own."""
    return _personal(at_work.app().response_class(_text(template, title, context), status))


def _text(template: str, title: Text, context: dict[str, Any]) -> str:
    render = templates.render if template.startswith("mfa/") else render_template
    return render(template, title=title, host=host(), **context)


def onward(url: str, show: Callable[[], Response]) -> Response:
    """After a post that was accepted: the next partial at once for htmx, else a redirect to its page."""
    if not wanted():
        return redirect(url)
    response = show()
    response.headers["HX-Push-Url"] = url
    return response


def redirect(url: str) -> Response:
    """Lead to the page at *url*, by GET."""
    return Response(status=303, headers={"Location": url})


def leave(url: str) -> Response:
    """Lead the whole browser window to *url*, also when only a part of it asked."""
    if not wanted():
        return redirect(url)
    return Response(status=200, headers={"HX-Redirect": url, "Cache-Control": "no-store"})


def for_window(response: Response) -> Response:
    """Have a redirect of the host lead the whole window, also when only a part of it asked."""
    if wanted() and response.status_code in _REDIRECTS and response.location:
        return leave_as(response, response.location)
    return response


def leave_as(response: Response, url: str) -> Response:
    """Turn *response*, with its cookies, into one that leads the window to *url*."""
    response.status_code = 200
    response.set_data(b"")
    del response.headers["Location"]
    response.headers["HX-Redirect"] = url
    response.headers["Cache-Control"] = "no-store"
    return response


def _personal(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = host().language()
    response.headers["Vary"] = "HX-Request"
    return response
