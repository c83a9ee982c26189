"""What pages and a sign-in cost in two states of the code: ``python -m bench.instructions ../before .``.

Each folder is a checkout. It prints a table of the processor's instructions in the server. Valgrind counts
them, so other work on the machine changes nothing. SQLite, the settings of production, a cheap hash.
Packages that only an older commit needs may lie in a folder that ``PYTHONPATH`` names.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import contenders
from bench.cells import table
from bench.contenders import Contender, Set

_TWOSTEP = Contender("twostep", "Twostep", "bench.served.twostep")
_TIMES = 10
"""So many people ask for each page."""
_SET = Set(people=2 * _TIMES, settings={"MAIL_WORKER": "none"})
"""Without a thread that would be counted to whom it meets."""
_SIGN_IN = ("GET /sign-in", "POST password", "POST code", "GET /")
_COUNT = re.compile(r"^desc: Trigger: dump (.+?)$.*?^totals: (\d+)$", re.MULTILINE | re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="checkouts")
    folders = [folder.resolve() for folder in parser.parse_args().folders]
    found = [_count(folder) for folder in folders]
    rows = [
        [
            name,
            *(f"{each[name] / 1e6:.1f} million" for each in found),
            *(f"{each[name] / found[0][name]:.2f} ×" for each in found[1:]),
        ]
        for name in found[0]
    ]
    print(table(["", *(folder.name for folder in folders), *("" for _ in folders[1:])], rows))


def _count(folder: Path) -> dict[str, float]:
    """Return the instructions of each request in a checkout, and of the whole sign-in."""
    with tempfile.TemporaryDirectory() as scratch:
        packages = os.environ.get("PYTHONPATH", "")
        variables = {
            **contenders.environment(_TWOSTEP, Path(scratch), _SET),
            "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), packages))),
            "PYTHONHASHSEED": "0",
        }
        seed = [sys.executable, "-m", _TWOSTEP.module, "seed"]
        counting = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no"]
        counting += [f"--callgrind-out-file={scratch}/counted", sys.executable, "-P"]
        for command in (seed, [*counting, str(Path(__file__).with_name("counted.py"))]):
            subprocess.run(command, cwd=folder, env=variables, check=True, stdout=subprocess.DEVNULL)
        told = "".join(path.read_text() for path in sorted(Path(scratch).glob("counted*")))
    counts = {name: int(instructions) for name, instructions in _COUNT.findall(told)}
    nothing = counts.pop("nothing")
    found = {name: (count - nothing) / _TIMES for name, count in counts.items()}
    return {"a sign-in": sum(found[name] for name in _SIGN_IN), **found}


if __name__ == "__main__":
    main()
