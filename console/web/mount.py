"""The application below a path of its host, like ``https://example.org/two-step``.

The setting ``APPLICATION_ROOT`` names the path. A proxy may pass the path on whole or cut the prefix off,
and a WSGI server may put it into ``SCRIPT_NAME``: all of these open the same page. No header is read, so
nobody who sends a request chooses where links lead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from console.config import BadSetting


def below_root(app: Flask) -> None:
    """Serve *app* below its ``APPLICATION_ROOT``; call this when its routes are known.

    :raises BadSetting: a page of its own has that path, so a path that was cut off could not be told.
    """
    root = app.config["APPLICATION_ROOT"]
    own = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    if root.split("/")[1] in own - {""}:
        raise BadSetting("MFA_APPLICATION_ROOT begins like a page of the application: choose another path.")
    inner: Callable[..., Iterable[bytes]] = app.wsgi_app
    warned = False

    def outer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal warned
        script = environ.get("SCRIPT_NAME", "")
        if root != "/":
            path = script + environ.get("PATH_INFO", "")
            environ["SCRIPT_NAME"] = root
            environ["PATH_INFO"] = path.removeprefix(root) if f"{path}/".startswith(f"{root}/") else path
        elif script and not warned:
            warned = True
            app.logger.error(
                "requests come in below %s: set MFA_APPLICATION_ROOT to it, or mailed links are wrong",
                script,
            )
        return inner(environ, start_response)

    app.wsgi_app = outer  # type: ignore[method-assign]  # the place for middleware
