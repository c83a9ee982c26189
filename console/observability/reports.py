"""Where browsers report what our Content-Security-Policy made them block; it goes to the log.

Anybody can post here, whatever they like. So little is taken, all of it cut and cleaned, and of an
address nothing that could be a token.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request

from console.extensions import csrf
from console.web import headers, ranges
from console.web.access import public

blueprint = Blueprint("reports", __name__)

MOST = 10
"""Reports taken out of one request; a page that is broken sends many of the same."""

_log = logging.getLogger("twostep.csp")
_LENGTH = 200
_SEGMENT_LENGTH = 40
_KEYWORD = re.compile(r"[a-z][a-z-]*")


@blueprint.post(headers.REPORTS_PATH)
# Browsers send reports without a token. Flask-WTF has no types.
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF has no types
@public
@ranges.reports
def take() -> Response:
    """Log what was blocked, a line a report."""
    if request.mimetype not in ("application/csp-report", "application/reports+json"):
        return Response(status=415)
    try:
        said = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return Response(status=400)
    for report in _violations(said)[:MOST]:
        # Our own files are blocked by a browser's mistake or an extension's, not by an attack.
        level = logging.INFO if report["blocked"] == _own_origin() else logging.WARNING
        _log.log(level, "The browser blocked what the Content-Security-Policy forbids.", extra=report)
    return Response(status=204)


def _own_origin() -> str:
    """Return the origin of the site, in the form in which a report's is logged.

    Browsers report to the host of the page, which may be any of ``TRUSTED_HOSTS``.
    """
    return _origin(f"{current_app.config['PREFERRED_URL_SCHEME']}://{request.host}")


def _violations(said: Any) -> list[dict[str, str]]:
    """Directive, blocked origin and page of each violation, in either of the two forms of report."""
    found = []
    for report in said if isinstance(said, list) else [said]:
        if not isinstance(report, dict):
            continue
        body = report.get("csp-report", report.get("body"))
        if not isinstance(body, dict):
            continue
        found.append(
            {
                "directive": _clean(
                    _first(body, "effectiveDirective", "effective-directive", "violated-directive")
                ),
                "blocked": _clean(_origin(_first(body, "blockedURL", "blocked-uri"))),
                "document": _clean(_path(_first(body, "documentURL", "document-uri"))),
            }
        )
    return found


def _first(body: dict[str, Any], *names: str) -> str:
    return next((body[name] for name in names if isinstance(body.get(name), str)), "")


def _origin(blocked: str) -> str:
    """Scheme and host of what was blocked, or the keyword that stands for it: ``inline``, ``eval``."""
    if _KEYWORD.fullmatch(blocked):
        return blocked
    try:
        parts = urlsplit(blocked)
        host = parts.hostname
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}" if host else parts.scheme


def _path(document: str) -> str:
    """The path of a page, without what may be a token."""
    try:
        path = urlsplit(document).path
    except ValueError:
        return ""
    return "/".join("…" if len(part) > _SEGMENT_LENGTH else part for part in path.split("/"))


def _clean(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:_LENGTH]
