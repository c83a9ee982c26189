"""``docs/performance.md`` out of what was measured. A part that was not measured is left out."""

from __future__ import annotations

from bench import goals, sections
from bench.cells import QUIET, Results, table

STAGES = (
    "load",
    "journeys",
    "scale",
    "growth",
    "rotate",
    "sizes",
    "members",
    "soak",
    "slow",
    "storm",
    "profile",
)
ON_BOTH = {"load", "journeys", "scale", "growth", "rotate", "members", "soak"}
"""Those that measure PostgreSQL too."""

_ABOUT = """# Performance

`make bench` writes this page; do not edit it. It starts every contender on the same machine and sends
requests to each in turn, round after round, and reports medians. Look at the ratios; the absolute figures
belong to this machine. The code is in [`bench/`](../bench).

Every contender runs two workers with one request at a time each, the same hash cost, and SQLite in WAL mode
with `synchronous=NORMAL` (Twostep also on PostgreSQL with its defaults: `fsync` and `synchronous_commit` on).
The floors are a bare Flask route, and Flask with one SELECT and one small fragment from a template file, by
the driver itself and by Flask-SQLAlchemy. Peers answer with their own unstyled pages.

A stage is measured by itself, so each has its own date and commit. What an older one did not measure is "–".
"""


def page(results: Results) -> str:
    """The whole page."""
    order = (
        _taken,
        goals.section,
        goals.explained,
        sections.pages,
        sections.serve,
        sections.granian,
        sections.journeys,
        sections.requests,
        sections.sign_ins,
        sections.hashing,
        sections.memory,
        sections.shapes,
        sections.scale,
        sections.growth,
        sections.rotate,
        sections.sizes,
        sections.members,
        sections.soak,
        sections.slow,
        sections.storm,
        sections.before,
        sections.profile,
    )
    parts = [_ABOUT, *(section(results) for section in order)]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _taken(results: Results) -> str:
    if "machine" not in results:
        return ""
    machine, lines = results["machine"], []
    size = f"{machine['cores']} cores, {machine['memory_gb']} GB"
    lines.append(f"Machine (of the last stage): {machine['processor']}, {size}, {machine['system']}.")
    lines.append(
        "Versions: " + ", ".join(f"{name} {number}" for name, number in results["versions"].items()) + "."
    )
    rows = [
        [
            name,
            part["taken"]["at"],
            part["taken"].get("code", "–"),
            str(part["taken"]["rounds"]),
            f"{part['taken']['others']:.2f}",
            _quiet(name, part),
        ]
        for name, part in results.items()
        if isinstance(part, dict) and "taken" in part
    ]
    heads = ["stage", "taken", "commit", "rounds", "processors busy with other programs", ""]
    missing = [stage for stage in STAGES if stage not in results]
    if missing:
        lines.append(f"**Not measured yet: {', '.join(missing)}.**")
    return "\n\n".join([*lines, table(heads, rows)])


def _quiet(name: str, part: Results) -> str:
    said = (
        "quiet: wall times count"
        if part["taken"]["others"] < QUIET
        else "**taken under load**: other work ran on the machine; processor times count, rates are rough"
    )
    if name in ON_BOTH and not part["taken"].get("durable"):
        said += "; PostgreSQL with `fsync` off"
    return said
