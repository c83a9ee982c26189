"""Limits by network in an application that has nothing of the console."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, abort, request

from mfa.web import ranges
from mfa.web.ranges import Limit, Ranges, TooManyFromNetwork, Whose

own = Limit("own", "1 per minute; 5 per hour")


def ann() -> str:
    return "ann"


def is_known(_whose: Whose | None) -> bool:
    return True


def is_strange(_whose: Whose | None) -> bool:
    return False


def host(
    is_known: Callable[[Whose | None], bool] = is_strange,
    refused: str = "2 per minute",
    mails: str = "2 per minute",
) -> Flask:
    """A host with one route of each kind; its posts are answered by the status that they ask for."""
    app = Flask("host")
    ranges.use(app, storage_uri="memory://", refused=refused, mails=mails, is_known=is_known)

    @app.errorhandler(TooManyFromNetwork)
    def too_many(error: TooManyFromNetwork) -> Response:
        return Response(status=error.status, headers=error.headers)

    @app.route("/guess", methods=["GET", "POST"])
    @ranges.guesses
    @ranges.at(ann)
    def guess() -> Response:
        return Response(status=int(request.args["answer"]))

    @app.post("/other")
    @ranges.guesses
    def other() -> Response:
        abort(int(request.args["answer"]))

    @app.post("/mail")
    @ranges.mails
    def mail() -> Response:
        return Response(status=200)

    @app.post("/both")
    @ranges.guesses
    @ranges.mails
    def both() -> Response:
        return Response(status=int(request.args["answer"]))

    @app.post("/own")
    @own
    def limited() -> Response:
        return Response(status=200)

    return app


def posted(app: Flask, path: str, times: int = 1, **environ: Any) -> list[int]:
    return [app.test_client().post(path, environ_base=environ).status_code for _ in range(times)]


@pytest.mark.parametrize("status", [401, 403, 422, 429])
def test_refusals_of_all_routes_count_together(status: int) -> None:
    app = host(refused="3 per minute")
    assert posted(app, f"/guess?answer={status}", 2) == [status] * 2
    assert posted(app, f"/other?answer={status}", 2) == [status, 429]
    assert posted(app, "/guess?answer=200") == [429]


@pytest.mark.parametrize("status", [200, 303, 400, 404, 500])
def test_what_is_not_refused_does_not_count(status: int) -> None:
    assert posted(host(), f"/guess?answer={status}", 5) == [status] * 5


def test_what_is_not_posted_does_not_count() -> None:
    app = host()
    client = app.test_client()
    assert [client.get("/guess?answer=422").status_code for _ in range(5)] == [422] * 5
    assert posted(app, "/guess?answer=422", 3) == [422, 422, 429]
    assert client.get("/guess?answer=200").status_code == 200


def test_each_mail_counts() -> None:
    assert posted(host(), "/mail", 3) == [200, 200, 429]


def test_route_with_two_limits_has_the_one_that_is_full_first() -> None:
    app = host(mails="3 per minute")
    assert posted(app, "/both?answer=422", 3) == [422, 422, 429]
    assert posted(app, "/guess?answer=422") == [429]
    app = host(refused="3 per minute")
    assert posted(app, "/both?answer=422", 3) == [422, 422, 429]
    assert posted(app, "/guess?answer=422", 2) == [422, 429]


def test_what_the_limit_refused_does_not_count() -> None:
    app = host()
    posted(app, "/guess?answer=422", 9)
    storage = app.extensions["mfa_ranges"].storage
    assert storage.get_moving_window("LIMITER/127.0.0.0/24/refused/2/1/minute", 2, 60)[1] == 2


def test_shorter_window_is_asked_for_when_the_longest_holds_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    app = host(refused="2 per minute; 5 per hour")
    storage, asked = app.extensions["mfa_ranges"].storage, []
    find = storage.get_moving_window

    def note(key: str, limit: int, expiry: int) -> tuple[float, int]:
        asked.append(expiry)
        return find(key, limit, expiry)

    monkeypatch.setattr(storage, "get_moving_window", note)
    assert posted(app, "/guess?answer=422", 2) == [422, 422]
    assert asked == [3600, 3600]
    assert posted(app, "/guess?answer=422") == [429]
    assert asked[2:] == [3600, 60, 60]


def test_hosts_declare_limits_of_their_own() -> None:
    app = host()
    assert posted(app, "/own", 2) == [200, 429]
    assert posted(app, "/mail") == [200]


def test_answer_says_how_long_to_wait() -> None:
    app = host()
    assert posted(app, "/mail", 2) == [200, 200]
    assert 0 < int(app.test_client().post("/mail").headers["Retry-After"]) <= 60


def test_networks_are_counted_apart() -> None:
    app = host()
    posted(app, "/mail", 3)
    assert posted(app, "/mail", REMOTE_ADDR="127.0.0.9") == [429]
    assert posted(app, "/mail", REMOTE_ADDR="2001:db8:1::1") == [200]
    assert posted(app, "/mail", 3, REMOTE_ADDR="") == [200, 200, 429]


def test_known_device_is_exempt_from_the_limit_of_refusals_alone() -> None:
    app = host(is_known)
    assert posted(app, "/guess?answer=422", 5) == [422] * 5
    assert posted(app, "/both?answer=422", 3) == [422, 422, 429]


def test_host_is_asked_once_whose_device_it_may_be() -> None:
    asked: list[Whose | None] = []
    app = host(lambda whose: bool(asked.append(whose)), refused="2 per minute; 5 per hour; 9 per day")
    posted(app, "/guess?answer=422")
    posted(app, "/both?answer=422")
    posted(app, "/mail")
    assert asked == [ann, None]


def test_two_hosts_in_one_process_count_apart() -> None:
    one, two = host(), host(refused="4 per minute")
    assert posted(one, "/guess?answer=422", 3) == [422, 422, 429]
    assert posted(two, "/guess?answer=422", 5) == [422] * 4 + [429]


def test_host_gets_no_hooks() -> None:
    app, plain = host(), Flask("plain")
    assert app.before_request_funcs == plain.before_request_funcs
    assert app.after_request_funcs == plain.after_request_funcs
    assert app.teardown_request_funcs == plain.teardown_request_funcs


def test_each_process_counts_alone_until_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    app = host()
    counts: Ranges = app.extensions["mfa_ranges"]
    posted(app, "/mail")
    with monkeypatch.context() as away:
        away.setattr(counts.storage, "acquire_entry", lambda *_, **__: 1 // 0)
        away.setattr(counts.storage, "check", lambda: False)
        assert posted(app, "/mail", 3) == [200, 200, 429]
        counts._ask_at = time.monotonic()
        assert posted(app, "/mail") == [429]
        assert counts.is_away
    counts._ask_at = time.monotonic()
    assert posted(app, "/mail", 2) == [200, 429]
    assert not counts.is_away


def test_refusal_that_the_store_can_not_count_is_counted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    app = host()
    counts: Ranges = app.extensions["mfa_ranges"]
    monkeypatch.setattr(counts.storage, "acquire_entry", lambda *_, **__: 1 // 0)
    assert posted(app, "/guess?answer=422", 3) == [422, 422, 429]


@pytest.mark.parametrize("rate", ["", "often"])
def test_rate_that_can_not_be_read_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="couldn't parse rate limit"):
        host(refused=rate)
