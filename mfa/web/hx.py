"""Fragment or full page, from one template: the partial alone for htmx, inside its layout for anyone else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel.speaklater import LazyString
from markupsafe import escape

from mfa.web import posted
from mfa.web.host import host


def wanted() -> bool:
    """Whether htmx asks, and so a fragment is the answer."""
    return request.headers.get("HX-Request") == "true"


def render(
    partial: str,
    layout: str,
    *,
    title: str | LazyString,
    status: int = 200,
    url: str | None = None,
    once: Mapping[str, Any] | None = None,
    **context: Any,
) -> Response:
    """Answer with *partial*.

    :param layout: the page around it when it is not htmx that asks.
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
    body += render_template(partial, title=title, host=host(), **context)
    response = _personal(make_response(body, status))
    if url:
        response.headers["HX-Push-Url"] = url
    return response


def _whole(shown: posted.Said, context: dict[str, Any]) -> Response:
    said = posted.take()
    # A form that was refused is shown only where its own page still shows that form.
    if said and (said.partial == shown.partial or not said.forms):
        posted.put_back(said.forms, context)
        shown, context = said, context | said.values
    return page(shown.layout, title=shown.title, status=shown.status, partial=shown.partial, **context)


def page(template: str, *, title: str | LazyString, status: int = 200, **context: Any) -> Response:
    """Answer with a whole page."""
    context.setdefault("partial", None)
    text = render_template(template, title=title, host=host(), **context)
    return _personal(make_response(text, status))


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


def _personal(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = host().language()
    response.headers["Vary"] = "HX-Request"
    return response
