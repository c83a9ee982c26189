"""``/metrics``: how the installation is doing, for Prometheus, and nothing about anybody.

Every process counts for itself. Where several serve behind one port, as with ``make serve``, they keep
their counts in files of one folder (``PROMETHEUS_MULTIPROC_DIR``) and whichever is asked adds them up. What
waits in an outbox is counted in the database, so every server says the same of it.

No label ever holds an account, an address or a token: only names that stand in our code.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from console.activity import events
from console.extensions import db
from console.observability import health
from console.web.access import public
from console.webhooks import outbox as webhooks
from mfa import at_work, clock
from mfa.activity import log, rules as activity
from mfa.enrollment import slot
from mfa.enrollment.purposes import WIZARD
from mfa.notices import outbox

blueprint = Blueprint("metrics", __name__)

COMPLETED = "completed"
NO_ROUTE = "none"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

disable_created_metrics()
_own = CollectorRegistry()
sign_ins = Counter(
    "twostep_sign_ins", "Sessions that began, the second step included where it is on.", registry=_own
)
failures = Counter(
    "twostep_failures", "Passwords and codes that were not let through.", ["kind"], registry=_own
)
enrollments = Counter(
    "twostep_enrollments",
    "Enrollments that came to a step of the wizard for the first time, or to its end.",
    ["step"],
    registry=_own,
)
requests = Histogram(
    "twostep_request_seconds",
    "How long answers took.",
    ["route", "status"],
    buckets=_SECONDS,
    registry=_own,
)
for _step in (*WIZARD, COMPLETED):
    enrollments.labels(_step)  # from the start, so that a step that nobody reached is 0 and not absent


@blueprint.get(health.METRICS)
@public
def show() -> Response:
    """Return all of it to a client with ``METRICS_TOKEN``; without that setting there is no such page."""
    token = current_app.config["METRICS_TOKEN"]
    if not token:
        abort(404)
    authorization = request.authorization
    borne = authorization.token if authorization and authorization.type == "bearer" else None
    if not hmac.compare_digest((borne or "").encode(), token.encode()):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})
    response = Response(_counted() + _waiting(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    response.cache_control.no_store = True
    return response


def observe(app: Flask) -> None:
    """Measure every request of *app* from here on."""

    @app.before_request
    def _begin() -> None:
        at_work.kept().began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        began = at_work.kept().get("began")
        if began is not None:
            route = at_work.request().endpoint or NO_ROUTE
            took = time.perf_counter() - began
            requests.labels(route, f"{response.status_code // 100}xx").observe(took)
        return response


@log.said.connect
def _count_event(event: str, **said: Any) -> None:
    if event == events.SIGNED_IN:
        sign_ins.inc()
    elif event == activity.TWO_STEP_ON:
        enrollments.labels(COMPLETED).inc()
    elif event == "password_refused":
        failures.labels("password").inc()
    elif event == activity.SECOND_STEP_FAILED:
        failures.labels(said["factor"]).inc()
    elif event == activity.THROTTLED:
        failures.labels(f"{said['what']}_throttled").inc()


@slot.reached.connect
def _count_step(step: str) -> None:
    enrollments.labels(step).inc()


def _counted() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_own)
    of_all_processes = CollectorRegistry()
    multiprocess.MultiProcessCollector(of_all_processes)
    return generate_latest(of_all_processes)


def _waiting() -> bytes:
    """What waits in the outboxes; nothing while the database is away, so that the rest can be read."""
    try:
        events = webhooks.counts()
        found = {
            ("twostep_mail_waiting", "Notifications that have not left yet."): outbox.waiting(),
            (
                "twostep_mail_oldest_seconds",
                "The age of the oldest notification that should have left; 0 if there is none.",
            ): _age(outbox.oldest()),
            ("twostep_webhook_waiting", "Events that the receiver has not taken yet."): events.waiting,
            (
                "twostep_webhook_oldest_seconds",
                "The age of the oldest event that should have been taken; 0 if there is none.",
            ): _age(webhooks.oldest()),
            (
                "twostep_webhook_given_up",
                "Events that the receiver did not take, and that are tried no more.",
            ): events.given_up,
        }
    except SQLAlchemyError:
        db.session.rollback()
        return b""
    registry = CollectorRegistry()
    registry.register(_Outboxes(found))
    return generate_latest(registry)


def _age(oldest: datetime | None) -> float:
    return max(0, (clock.now() - oldest).total_seconds()) if oldest else 0


class _Outboxes(Collector):
    """Values as they are now: a Gauge would leave them in the folder of the processes to grow old.

    :param found: by name and explanation.
    """

    def __init__(self, found: Mapping[tuple[str, str], float]) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for (name, says), value in self._found.items():
            yield GaugeMetricFamily(name, says, value=value)
