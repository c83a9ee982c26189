"""An import that is killed leaves whole batches, and goes on when it is done again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.bulk.conftest import KEY, Files

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("accounts", "mfa_second_steps", "mfa_authenticators", "mfa_activity")


def kill_before(step: int, config: dict[str, Any], file: Path) -> int:
    settings = {**config, "INSTANCE_PATH": str(config["INSTANCE_PATH"]), "EVENT_LOG": "none"}
    return subprocess.run(
        [sys.executable, "-m", "tests.bulk.dying", str(file)],
        cwd=ROOT,
        env={**os.environ, "SETTINGS": json.dumps(settings), "DIE_BEFORE": str(step)},
        check=False,
    ).returncode


def counts(engine: Engine) -> tuple[int, ...]:
    with engine.connect() as connection:
        return tuple(connection.execute(text(f"SELECT count(*) FROM {t}")).scalar() or 0 for t in TABLES)  # noqa: S608


# A batch is: its look for what is there and the end of that; accounts, second steps, apps, note of the key,
# events; four statements of the organization's activity, and the first time six more; commit.
@pytest.mark.parametrize(("step", "batches"), [(3, 0), (17, 0), (18, 1), (24, 1), (29, 1), (30, 2)])
def test_killed_anywhere_it_leaves_whole_batches_and_goes_on(
    files: Files, engine: Engine, config: dict[str, Any], step: int, batches: int
) -> None:
    file = files.write("email,totp\n" + "".join(f"p{number}@example.com,{KEY}\n" for number in range(9)))
    assert kill_before(step, config, file) == -signal.SIGKILL
    assert counts(engine) == (3 * batches,) * 4
    result = files.run("import", str(file))
    assert result.exit_code == 0
    assert f"{9 - 3 * batches} imported, {3 * batches} already there, 0 refused" in result.stdout
    assert counts(engine) == (9, 9, 9, 9)
    verified = files.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert verified.stdout.startswith(f"{batches + 1} row")
    assert verified.exit_code == 0
