"""``docs/performance.md`` out of what was measured. A part that was not measured is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Results = dict[str, Any]
STAGES = ("load", "journeys", "scale", "soak", "profile")
OURS, ON_POSTGRESQL = "Twostep on SQLite", "Twostep on PostgreSQL"
FLOOR = "Flask + SELECT + fragment"
PEERS = ("django-allauth", "Flask-Security-Too", "django-two-factor-auth")
GOAL_ACCOUNTS, GOAL_SECONDS = 1_000_000, 300
QUIET = 0.3
"""With fewer processors than this busy with other work, before and after a stage, its wall times count; else
those processor time."""

_ABOUT = """# Performance

`make bench` writes this page; do not edit it. It starts every contender on the same machine and sends
requests to each in turn, round after round, and reports medians. Look at the ratios; the absolute figures
belong to this machine. The code is in [`bench/`](../bench).

Every contender runs two workers with one request at a time each, the same hash cost, and SQLite in WAL mode
with `synchronous=NORMAL` (Twostep also on PostgreSQL, with `fsync` off). The floors are a bare Flask route,
and Flask with one SELECT and one small fragment from a template file. Peers answer with their own unstyled
pages.
"""

_PAGES = """## Pages under load (gunicorn sync)

The page that shows the state of the second step, for a person who has it on: in Twostep the tab's partial
for htmx, in the peers their settings page. The client used at most {busy:.0%} of one processor.

"""
_JOURNEYS = """## The cost of a journey

With a cheap hash, so that the cost of the rest shows. A sign-in is: sign-in page, password, code (at a
known device) and the page behind them. An enrollment is: settings page, QR code, first code, recovery
codes, their file, and the settings page again. Twostep's also has an e-mail step, with a real mail server
on the machine.
"""
_SIGN_INS = """## Whole sign-ins a second

With the cheap hash. The driver is a Python program with one thread per client and uses its share of the
processors.

"""
_SCALE = """## From a thousand accounts to a million

Every account has a second step, a session, a counter of attempts and ten events. Time in the server, wall ·
processor.

"""
_PROFILE = """## Where the time goes

Shares under cProfile, on SQLite with the cheap hash. Packages: time spent in their own code, with C code
(such as the database) counted for the caller. Parts: time including everything they call, so parts can
contain each other.

"""
_REST = {
    "the tab’s partial": """
**The tab.** The floor reads one row from an open `sqlite3` connection and fills in two values. The tab
reads a signed cookie, finds the session and its account (active, not idle, not locked) by the hash of the
token, reads the state of the second step, writes 2 KB of markup in the visitor's language with a form token
and a nonce, and sets its headers. A third of that time is Flask and Werkzeug, a quarter SQLAlchemy, an
eighth the templates (see below); Twostep's own code is a tenth.
""",
    "own cost": """
**A sign-in's own cost.** Four requests through Flask, two of which write. Twostep does what the peers leave
out: it counts each attempt before checking it, in a transaction of its own and for all servers; it stores
an event for Activity; its sessions are rows that can be ended from elsewhere; a half-session, with a mail
to its owner if nobody finishes it, lies between password and code; a used code is stored. No single part is
large. The measurement takes one request at a time, after other servers have used the processor's caches;
for consecutive sign-ins the distance to the peers is greater (*Whole sign-ins a second*).
""",
    "to its password hash": """
**A whole sign-in.** The rest, apart from the hash, is its own cost (above).
""",
    "its statements": """
**Its statements.** Password: find the address; count; begin a half-session, which locks the account; reset
the count; store the mail for an unfinished sign-in. Code: read the half-session with account and
authenticator; count twice in one statement; lock the account; use up the time step; reset the counts; turn
the half-session into a session; delete the mail; store the event. Home: read session and account. SQLite
can't write to two tables in one statement.
""",
    "its time in the server": """
**The enrollment's time.** A quarter of it is the step that no peer has: a number that is counted and
mailed, as text and HTML, to a real mail server while the person waits, and then checked. The qrcode package
takes about 2 ms for the QR code.
""",
    "memory of a worker": """
**Memory.** Beyond what Flask-Security loads, Twostep has limits by network (whose package imports asyncio:
2.4 MB), Babel, authenticated encryption, Prometheus counters, and the static files in three encodings. The
PostgreSQL driver with libpq takes 9 MB more, as it would in Flask-Security.
""",
}
"""What the rest is made of where a goal is missed, by words that its name has."""
_KINDS = {"packages": "package", "parts": "part"}


def page(results: Results) -> str:
    """The whole page."""
    sections = (
        _taken,
        _goals,
        _rest,
        _pages,
        _granian,
        _journeys,
        _requests,
        _sign_ins,
        _memory,
        _scale,
        _soak,
        _profile,
    )
    parts = [_ABOUT, *(section(results) for section in sections)]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _taken(results: Results) -> str:
    if "machine" not in results:
        return ""
    machine, lines = results["machine"], []
    size = f"{machine['cores']} cores, {machine['memory_gb']} GB"
    lines.append(f"Machine: {machine['processor']}, {size}, {machine['system']}.")
    lines.append(
        "Versions: " + ", ".join(f"{name} {number}" for name, number in results["versions"].items()) + "."
    )
    rows = [
        [
            name,
            part["taken"]["at"],
            str(part["taken"]["rounds"]),
            f"{part['taken']['others']:.2f}",
            _quiet(part),
        ]
        for name, part in results.items()
        if isinstance(part, dict) and "taken" in part
    ]
    heads = ["stage", "taken", "rounds", "processors busy with other programs", ""]
    missing = [stage for stage in STAGES if stage not in results]
    if missing:
        lines.append(f"**Not measured in this run: {', '.join(missing)}.**")
    return "\n\n".join([*lines, _table(heads, rows)])


def _quiet(part: Results) -> str:
    if part["taken"]["others"] < QUIET:
        return "quiet: wall times count"
    return "**taken under load**: other work ran on the machine; processor times count, rates are rough"


def _basis(part: Results) -> str:
    return "wall" if part.get("taken", {}).get("others", 0) < QUIET else "processor"


# The goals


def _goals(results: Results) -> str:
    rows = [[goal, wanted, said, _verdict(met)] for goal, wanted, said, met in _all_goals(results)]
    return "## The goals\n\n" + _table(["goal", "at", "measured", ""], rows) if rows else ""


def _rest(results: Results) -> str:
    missed = [goal for goal, _, _, met in _all_goals(results) if met is False]
    told = [text.strip() for words, text in _REST.items() if any(words in goal for goal in missed)]
    return "\n\n".join(["### Why goals are missed", *told]) if told else ""


Goal = tuple[str, str, str, bool | None]


def _all_goals(results: Results) -> list[Goal]:
    all_of_them = (
        _page_goals,
        _sign_in_goals,
        _enrollment_goals,
        _memory_goals,
        _scale_goals,
        _soak_goals,
    )
    return [goal for goals in all_of_them for goal in goals(results)]


def _verdict(met: bool | None) -> str:
    return "taken too small to tell" if met is None else "met" if met else "**missed**"


def _page_goals(results: Results) -> Iterable[Goal]:
    pages = results.get("load", {}).get("pages", {})
    if OURS not in pages:
        return
    ours = pages[OURS]["8"]["rate"]
    floor = ours / pages[FLOOR]["8"]["rate"]
    yield "the tab’s partial, to the realistic floor", "≥ 0.6 ×", f"{floor:.2f} ×", floor >= 0.6
    best = max((pages[peer]["8"]["rate"], peer) for peer in PEERS)
    ratio = ours / best[0]
    yield "the tab’s partial, to the best peer’s page", "≥ 1.8 ×", f"{ratio:.2f} × ({best[1]})", ratio >= 1.8


def _sign_in_goals(results: Results) -> Iterable[Goal]:
    part = results.get("journeys", {})
    if not part:
        return
    basis, cheap = _basis(part), part["cheap"]
    besides = cheap[OURS]["settings page"]["statements"] - 1
    yield "a signed-in GET: statements beyond those for its content", "≤ 1", f"{besides:.0f}", besides <= 1
    ours = cheap[OURS]["sign-in"]
    best = min((cheap[peer]["sign-in"][basis], peer) for peer in PEERS)
    ratio = ours[basis] / best[0]
    said = f"{ratio:.2f} × ({_ms(ours[basis])} to {_ms(best[0])} of {best[1]}, {basis})"
    yield "a sign-in’s own cost, to the best peer’s", "≤ 0.4 ×", said, ratio <= 0.4
    yield "its requests", "≤ 4", str(ours["requests"]), ours["requests"] <= 4
    yield "its statements", "≤ 6", f"{ours['statements']:.0f}", ours["statements"] <= 6
    whole, hashing = part["production"][OURS]["sign-in"][basis], part["hash"][basis]
    said = f"{whole / hashing:.2f} × ({_ms(whole)} to {_ms(hashing)}, {basis})"
    yield "a whole sign-in, to its password hash", "≤ 1.1 ×", said, whole <= 1.1 * hashing


def _enrollment_goals(results: Results) -> Iterable[Goal]:
    part = results.get("journeys", {})
    if not part:
        return
    basis, cheap = _basis(part), part["cheap"]
    ours = cheap[OURS]["enrollment"]
    yield "the enrollment’s HTML", "≤ 25 KB", _kb(ours["size"]), ours["size"] <= 25_000
    yield "the same, compressed", "≤ 10 KB", _kb(ours["gzipped"]), ours["gzipped"] <= 10_000
    best = min((cheap[peer]["enrollment"][basis], peer) for peer in PEERS)
    ratio = ours[basis] / best[0]
    said = f"{ratio:.2f} × ({_ms(ours[basis])} to {_ms(best[0])} of {best[1]}, {basis})"
    yield "its time in the server, to the best peer’s", "≤ 0.6 ×", said, ratio <= 0.6


def _memory_goals(results: Results) -> Iterable[Goal]:
    memory = results.get("load", {}).get("memory", {})
    if OURS not in memory:
        return
    limit = memory["Flask-Security-Too"]["rss"]
    for name in (OURS, ON_POSTGRESQL):
        said = f"{memory[name]['rss']:.0f} MB to {limit:.0f} MB"
        yield f"memory of a worker, {name}", "< Flask-Security-Too’s", said, memory[name]["rss"] < limit


def _scale_goals(results: Results) -> Iterable[Goal]:
    part = results.get("scale", {})
    if not part:
        return
    basis = _basis(part)
    for database in ("SQLite", "PostgreSQL"):
        small, large = part[database]["seconds_to_fill"]
        whole = int(large.replace(",", "")) >= GOAL_ACCOUNTS
        ratios = {
            what: part[database][large][what][basis] / part[database][small][what][basis]
            for what in part[database][small]
        }
        said = ", ".join(f"{what} {ratio:.2f} ×" for what, ratio in ratios.items())
        goal = f"{large} accounts to {small}, {database} ({basis})"
        yield goal, "≤ 1.2 ×", said, _told(max(ratios.values()) <= 1.2, whole)


def _soak_goals(results: Results) -> Iterable[Goal]:
    for name, one in _without_taken(results.get("soak", {})).items():
        goal = f"64 clients for {one['seconds']:.0f} s, {name}"
        whole = one["seconds"] >= GOAL_SECONDS
        yield (
            goal,
            "no error",
            f"{one['errors']} in {one['requests']:,} requests",
            _told(one["errors"] == 0, whole),
        )
        growth = one["memory_end"] / one["memory_begin"] - 1
        yield "memory’s growth in that time", "none (≤ 3 %)", f"{growth:+.1%}", _told(growth <= 0.03, whole)


def _told(met: bool, whole: bool) -> bool | None:
    """Whether a goal is met; None where it is, but by less than the *whole* that the goal speaks of."""
    return met if whole or not met else None


# The figures


def _pages(results: Results) -> str:
    part = results.get("load", {})
    if "pages" not in part:
        return ""
    busy = max(one["busy"] for by_clients in part["pages"].values() for one in by_clients.values())
    text = _PAGES.format(busy=busy) + _rates(part["pages"])
    if part.get("steps"):
        text += "\n\nA GET of each step of the wizard, in the state in which people reach it:\n\n"
        text += _rates(part["steps"])
    return text


def _granian(results: Results) -> str:
    part = results.get("load", {}).get("granian")
    if not part:
        return ""
    return "## The same with granian (one blocking thread per worker, keep-alive)\n\n" + _rates(part)


def _rates(by_name: Results) -> str:
    clients = list(next(iter(by_name.values())))
    rows = [
        [
            name,
            *(
                f"{one['rate']:,.0f}/s · {one['median'] * 1e3:.1f} · {one['p99'] * 1e3:.0f} ms"
                for one in by_clients.values()
            ),
            f"{sum(one['errors'] for one in by_clients.values()):.0f}",
        ]
        for name, by_clients in by_name.items()
    ]
    heads = [f"{number} client{'s' if number != '1' else ''}: rate · median · p99" for number in clients]
    return _table(["", *heads, "errors"], rows)


def _journeys(results: Results) -> str:
    part = results.get("journeys", {})
    if not part:
        return ""
    text = _JOURNEYS
    for journey in ("sign-in", "enrollment", "settings page"):
        text += f"\n### {journey.capitalize()}\n\n" + _costs(part["cheap"], journey) + "\n"
    hashing = part["hash"]
    text += "\n### Sign-in with the production hash (t=3, m=65536, p=4)\n\n" + _costs(
        part["production"], "sign-in"
    )
    text += f"\n\nThe hash alone: {_ms(hashing['wall'])} wall, {_ms(hashing['processor'])} processor time."
    return text


def _costs(by_name: Results, journey: str) -> str:
    heads = ["", "requests", "statements", "wall", "processor", "bytes", "compressed"]
    rows = [
        [
            name,
            str(one[journey]["requests"]),
            f"{one[journey]['statements']:.0f}",
            _ms(one[journey]["wall"]),
            _ms(one[journey]["processor"]),
            _kb(one[journey]["size"]),
            _kb(one[journey]["gzipped"]),
        ]
        for name, one in by_name.items()
        if journey in one
    ]
    return _table(heads, rows)


def _requests(results: Results) -> str:
    cheap = results.get("journeys", {}).get("cheap")
    if not cheap:
        return ""
    rows = [
        [
            step["name"],
            f"{step['statements']:.0f}",
            _ms(step["wall"]),
            _ms(step["processor"]),
            _kb(step["size"]),
            _kb(step["gzipped"]),
        ]
        for journey in ("sign-in", "enrollment")
        for step in cheap[OURS][journey]["steps"]
    ]
    head = ["request", "statements", "wall", "processor", "bytes", "compressed"]
    return "### Every request of Twostep, on SQLite\n\n" + _table(head, rows)


def _sign_ins(results: Results) -> str:
    found = results.get("load", {}).get("sign_ins")
    if not found:
        return ""
    return _SIGN_INS + _rates(found)


def _memory(results: Results) -> str:
    memory = results.get("load", {}).get("memory")
    if not memory:
        return ""
    rows = [[name, f"{one['rss']:.0f} MB", f"{one['pss']:.0f} MB"] for name, one in memory.items()]
    return "## Memory of a worker after the load\n\n" + _table(["", "RSS", "PSS"], rows)


def _scale(results: Results) -> str:
    part = results.get("scale", {})
    if not part:
        return ""
    rows = [
        [
            database,
            f"{size} accounts",
            *(f"{_ms(one['wall'])} · {_ms(one['processor'])}" for one in part[database][size].values()),
        ]
        for database in ("SQLite", "PostgreSQL")
        for size in part[database]["seconds_to_fill"]
    ]
    return _SCALE + _table(["", "", "sign-in", "tab", "Activity"], rows)


def _soak(results: Results) -> str:
    found = _without_taken(results.get("soak", {}))
    if not found:
        return ""
    rows = [
        [
            name,
            f"{one['seconds']:.0f} s",
            f"{one['requests']:,}",
            f"{one['sign-ins']:,}",
            f"{one['enrollments']:,}",
            str(one["errors"]),
            f"{one['memory_begin']:.1f} → {one['memory_end']:.1f} MB",
        ]
        for name, one in found.items()
    ]
    heads = ["", "for", "requests", "sign-ins", "enrollments", "errors", "memory of a worker, warm → end"]
    return "## Mixed journeys from 64 clients\n\n" + _table(heads, rows)


def _profile(results: Results) -> str:
    part = results.get("profile")
    if not part:
        return ""
    text = _PROFILE
    for kind in ("packages", "parts"):
        tab, sign_in = part["tab"][kind], part["sign-in"][kind]
        rows = [
            [name, f"{tab.get(name, 0):.0%}", f"{sign_in.get(name, 0):.0%}"] for name in {**tab, **sign_in}
        ]
        text += _table([_KINDS[kind], "the tab", "a sign-in"], rows) + "\n\n"
    memory = [[name, f"{size:.0f} MB"] for name, size in part["memory"].items()]
    text += "Memory of a process after each import, in order:\n\n"
    return text + _table(["", "RSS"], memory)


# The parts


def _without_taken(part: Results) -> Results:
    return {name: one for name, one in part.items() if name != "taken"}


def _table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def _kb(size: float) -> str:
    return f"{size / 1e3:.1f} KB"
