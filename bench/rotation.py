"""``keys rotate`` with many people: ``python -m bench.rotation seal 100000``; with a new key, ``… rotate``.

Run in the environment of Twostep. The second prints as JSON how many people a second it did at the beginning
and at the end.
"""

from __future__ import annotations

import json
import sys
import time

from sqlalchemy import insert

from bench.served import twostep
from mfa import clock
from mfa.database import run, transaction
from mfa.factors import sealing
from mfa.factors.models import Authenticator, SecondStep

_AT_ONCE = 5_000
BATCH = 200
"""The default of the command."""
_PART = 10
"""The beginning and the end are a tenth each."""


def seal(people: int) -> None:
    """Make so many second steps, sealed with the current key."""
    now = clock.now()
    for first in range(1, people + 1, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, people + 1))
        with transaction():
            run(insert(SecondStep), [twostep.second_step(number, now) for number in numbers])
            run(insert(Authenticator), [twostep.authenticator(number, now) for number in numbers])
    with transaction():
        sealing.note_key(now)


def rotate() -> dict[str, float]:
    """Seal all of it again; people, seconds, and people a second at the beginning and at the end."""
    done, moments = [0], [time.perf_counter()]
    for sealed in sealing.rotate(clock.now(), batch=BATCH):
        done.append(done[-1] + sealed)
        moments.append(time.perf_counter())
    part = max(1, len(moments) // _PART)
    return {
        "people": done[-1],
        "seconds": time.perf_counter() - moments[0],
        "first": done[part] / (moments[part] - moments[0]),
        "last": (done[-1] - done[-1 - part]) / (moments[-1] - moments[-1 - part]),
    }


if __name__ == "__main__":
    with twostep.flask.app_context():
        if sys.argv[1] == "seal":
            import flask_migrate

            flask_migrate.upgrade()
            seal(int(sys.argv[2]))
        else:
            json.dump(rotate(), sys.stdout)
