"""Where people open the application: the host and path of its settings, whatever a request names.

A request's ``Host`` is what its sender says it is; a mailed link that followed it could lead anywhere.
"""

from __future__ import annotations

from typing import Any

from flask import current_app

from mfa import at_work, checks, hosts
from mfa.errors import BadSetting
from mfa.hosts import Host

_DEFAULT_SCHEME = "http"


def host() -> Host:
    """Return the host that mailed links lead to: ``MFA_SERVER_NAME``, or else ``SERVER_NAME``.

    :raises BadSetting: neither is set, or it is not a host.
    """
    config = at_work.app().config
    name = "MFA_SERVER_NAME" if config.get("MFA_SERVER_NAME") else "SERVER_NAME"
    if not config.get(name):
        raise BadSetting("MFA_SERVER_NAME is not set: give the host that mailed links lead to.")
    try:
        return hosts.parse(config[name])
    except (ValueError, AttributeError) as error:
        raise BadSetting(f"{name} {checks.HOST[1]}") from error


def root() -> str:
    """Return the address of the application itself.

    :raises BadSetting: see :func:`host`.
    """
    config = current_app.config
    scheme = config["PREFERRED_URL_SCHEME"] or _DEFAULT_SCHEME
    return f"{scheme}://{host()}{config['APPLICATION_ROOT'].rstrip('/')}/"


def absolute(endpoint: str, **values: Any) -> str:
    """Return the address of an endpoint on the configured host, below the configured path.

    :raises BadSetting: see :func:`host`.
    """
    config = current_app.config
    adapter = current_app.url_map.bind(
        str(host()),
        script_name=config["APPLICATION_ROOT"],
        url_scheme=config["PREFERRED_URL_SCHEME"] or _DEFAULT_SCHEME,
    )
    return adapter.build(endpoint, values, force_external=True)
