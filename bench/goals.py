"""The goals of ``docs/performance.md``: what was wanted, what was measured, and why one is missed."""

from __future__ import annotations

from collections.abc import Iterable

from bench.cells import (
    FLOOR,
    ON_POSTGRESQL,
    OURS,
    PEERS,
    QUIET,
    Results,
    basis_of,
    kb,
    ms,
    table,
    without_taken,
)

SLOW_SECONDS = 0.25
GOAL_ACCOUNTS, GOAL_SECONDS = 1_000_000, 300
GOAL_ROWS = 10_000_000
GOAL_WAITING = 1_000_000
GOAL_MEMBERS, GOAL_EVENTS, MEMBERS_PAGE = 100_000, 1_000_000, 0.020
LOOK, BATCH, DELETED = 0.010, 0.050, 4_000
"""Seconds of a look into the outbox and of the longest wait, and rows a second: four of each sign-in, where
there may be a thousand a second."""
STORM_PAGE, STORM_READYZ, STORM_OWNER = 0.1, 0.25, 5.0
"""Seconds: the 99th percentile of pages and of ``/readyz``, and the longest sign-in at a known device."""
STORM_RATE, STORM_MEMORY = 0.9, 1.25
_REST = {
    "the tab’s partial": """
**The tab.** The floor reads one row and fills in two values. The tab
reads a signed cookie, finds the session and its account (active, not idle, not locked) by the hash of the
token, reads the state of the second step, writes 2 KB of markup in the visitor's language with a form token
and a nonce, and sets its headers. Three tenths of its time is Flask and Werkzeug, a quarter the templates, a
fifth Twostep's own code, and a sixth SQLAlchemy (see below). Under sync workers the floor is 2.9 × the peer's
page, so 2 × would be seven tenths of the floor.
""",
    "own cost": """
**A sign-in's own cost.** Four requests through Flask, two of which write. Twostep does what the peers leave
out: it counts each attempt before checking it, for all servers; it stores an event for Activity; its
sessions are rows that can be ended from elsewhere; a challenge, with a mail to its owner if nobody answers
it, lies between password and code; a used code is stored. No single part is large. The measurement takes
one request at a time, after other servers have used the processor's caches; for consecutive sign-ins the
distance to the peers is greater (*Whole sign-ins a second*).
""",
    "to its password hash": """
**A whole sign-in.** The rest, apart from the hash, is its own cost (above).
""",
    "its commits": """
**Its commits.** A password is counted before it is hashed, in a transaction of its own: so no crash and no
second server gives an attempt away for nothing. The right one and the code have one each.
""",
    "PostgreSQL to SQLite": """
**PostgreSQL.** Each round trip takes processor time in the driver and the kernel, which SQLite, in the same
process, does not have.
""",
    "whole sign-ins to bare hashes": """
**Sign-ins in the storm.** The clients share the cores with the server, and so do the pages that are opened
meanwhile; each refused attempt is a request too. The rest is a sign-in's own cost (above). The bare hash is
that of any Python program; in large pages, as the server asks for them, it takes a quarter less.
""",
    "its time in the server": """
**The enrollment's time.** A quarter of it is the step that no peer has: a number that is counted and
mailed, as text and HTML, to a real mail server while the person waits, and then checked. The qrcode package
takes about 2 ms for the QR code.
""",
    "any page of": """
**Searches among 100,000 members.** Without a search, a page takes 5 to 9 ms at any depth. A search is for a
part of a name or address, anywhere in it, so an index is read from end to end: 11 ms for 100,000 on SQLite,
and 15 on PostgreSQL. PostgreSQL's pg_trgm, which not every server has, would end that where few are found.
Where many are found, at the far end of the order, it would not.
""",
    "that a writer waits for a deletion, SQLite": """
**Deletions in SQLite.** Of 10,000,000 rows, 99 of 100 batches take less than 35 ms, with the copying of the
log, during which others can write; 99 of 100 writers wait less than 4. A batch rests for 30 ms, so that who
waits can write before the next one. SQLite looks for the lock after 1, 2, 5, 10, 15, 20 and 25 ms, so who
finds it taken after 33 ms waits for 53: one did. The others took 35 ms or less.
""",
    "after production hashes": """
**Memory.** Beyond what Flask-Security loads, Twostep has limits by network (whose package imports asyncio:
2.4 MB), Babel, authenticated encryption, Prometheus counters, and the static files in three encodings. The
PostgreSQL driver with libpq takes 9 MB more, as it would in Flask-Security.
""",
}
"""What the rest is made of where a goal is missed, by words that its name has."""


def section(results: Results) -> str:
    rows = [[goal, wanted, said, _verdict(met)] for goal, wanted, said, met in _all_goals(results)]
    return "## The goals\n\n" + table(["goal", "at", "measured", ""], rows) if rows else ""


def explained(results: Results) -> str:
    missed = [goal for goal, _, _, met in _all_goals(results) if met is False]
    told = [text.strip() for words, text in _REST.items() if any(words in goal for goal in missed)]
    unexplained = [goal for goal in missed if not any(words in goal for words in _REST)]
    if unexplained:
        told.append(f"**Not explained yet:** {'; '.join(unexplained)}.")
    return "\n\n".join(["### Why goals are missed", *told]) if told else ""


Goal = tuple[str, str, str, bool | None]


def _all_goals(results: Results) -> list[Goal]:
    all_of_them = (
        _page_goals,
        _sign_in_goals,
        _enrollment_goals,
        _memory_goals,
        _scale_goals,
        _growth_goals,
        _rotate_goals,
        _member_goals,
        _soak_goals,
        _slow_goals,
        _storm_goals,
    )
    return [goal for goals in all_of_them for goal in goals(results)]


def _verdict(met: bool | None) -> str:
    return "taken too small, or under load, to tell" if met is None else "met" if met else "**missed**"


def _page_goals(results: Results) -> Iterable[Goal]:
    part = results.get("load", {})
    pages = part.get("pages", {})
    if OURS not in pages:
        return
    ours = pages[OURS]["8"]["rate"]
    if FLOOR in pages:
        floor = ours / pages[FLOOR]["8"]["rate"]
        yield (
            "the tab’s partial, to the floor with Flask-SQLAlchemy",
            "≥ 0.5 ×",
            f"{floor:.2f} ×",
            floor >= 0.5,
        )
    for under, wanted, of_pages in (("sync workers", 2.0, pages), ("granian", 2.5, part.get("granian", {}))):
        if OURS in of_pages:
            best = max((of_pages[peer]["8"]["rate"], peer) for peer in PEERS)
            ratio = of_pages[OURS]["8"]["rate"] / best[0]
            goal = f"the tab’s partial, to the best peer’s page, under {under}"
            yield goal, f"≥ {wanted} ×", f"{ratio:.2f} × ({best[1]})", ratio >= wanted


def _sign_in_goals(results: Results) -> Iterable[Goal]:
    part = results.get("journeys", {})
    if not part:
        return
    basis, cheap = basis_of(part), part["cheap"]
    on_postgresql = cheap[ON_POSTGRESQL]
    if "trips" in on_postgresql["settings page"]:
        besides = on_postgresql["settings page"]["trips"] - 1
        goal = "a signed-in GET: round trips to PostgreSQL beyond those for its content"
        yield goal, "≤ 1", f"{besides:.0f}", besides <= 1
    ours = cheap[OURS]["sign-in"]
    best = min((cheap[peer]["sign-in"][basis], peer) for peer in PEERS)
    ratio = ours[basis] / best[0]
    said = f"{ratio:.2f} × ({ms(ours[basis])} to {ms(best[0])} of {best[1]}, {basis})"
    yield "a sign-in’s own cost, to the best peer’s", "≤ 0.6 ×", said, ratio <= 0.6
    yield "its requests", "≤ 4", str(ours["requests"]), ours["requests"] <= 4
    if "commits" in ours:
        most = max(cheap[name]["sign-in"]["commits"] for name in (OURS, ON_POSTGRESQL))
        yield "its commits", "≤ 3", f"{most:.0f}", most <= 3
    for journey in ("sign-in", "settings page"):
        there, here = (cheap[name][journey]["processor"] for name in (ON_POSTGRESQL, OURS))
        said = f"{there / here:.2f} × ({ms(there)} to {ms(here)})"
        goal = f"PostgreSQL to SQLite, processor time of a {journey}"
        yield goal, "≤ 1.3 ×", said, there <= 1.3 * here
    whole, hashing = part["production"][OURS]["sign-in"]["processor"], part["hash"]["processor"]
    said = f"{whole / hashing:.2f} × ({ms(whole)} to {ms(hashing)})"
    goal = "processor time of a whole sign-in, to its password hash"
    yield goal, "≤ 1.1 ×", said, whole <= 1.1 * hashing


def _enrollment_goals(results: Results) -> Iterable[Goal]:
    part = results.get("journeys", {})
    if not part:
        return
    basis, cheap = basis_of(part), part["cheap"]
    ours = cheap[OURS]["enrollment"]
    head = ours.get("head", 0)
    for goal, wanted, size in (
        ("the enrollment’s HTML", 25_000, ours["size"] - head),
        ("the same, compressed", 10_000, ours["gzipped"] - head),
    ):
        said = kb(size) + (f", and {kb(head)} of headers" if head else "")
        yield goal, f"≤ {wanted / 1e3:.0f} KB", said, size <= wanted
    best = min((cheap[peer]["enrollment"][basis], peer) for peer in PEERS)
    ratio = ours[basis] / best[0]
    said = f"{ratio:.2f} × ({ms(ours[basis])} to {ms(best[0])} of {best[1]}, {basis})"
    yield "its time in the server, to the best peer’s", "≤ 0.6 ×", said, ratio <= 0.6


def _memory_goals(results: Results) -> Iterable[Goal]:
    memory = results.get("journeys", {}).get("installed", {})
    if OURS not in memory:
        return
    limit = memory["Flask-Security-Too"]["pss"]
    for name in (OURS, ON_POSTGRESQL):
        said = f"{memory[name]['pss']:.0f} MB to {limit:.0f} MB"
        goal = f"memory (PSS) of a process of `make serve` after production hashes, {name}"
        yield goal, "< Flask-Security-Too’s", said, memory[name]["pss"] < limit


def _scale_goals(results: Results) -> Iterable[Goal]:
    part = results.get("scale", {})
    if not part:
        return
    basis = basis_of(part)
    for database in without_taken(part):
        small, large = part[database]["seconds_to_fill"]
        whole = int(large.replace(",", "")) >= GOAL_ACCOUNTS
        ratios = {
            what: part[database][large][what][basis] / part[database][small][what][basis]
            for what in part[database][small]
        }
        said = ", ".join(f"{what} {ratio:.2f} ×" for what, ratio in ratios.items())
        goal = f"{large} accounts to {small}, {database} ({basis})"
        yield goal, "≤ 1.2 ×", said, _told(max(ratios.values()) <= 1.2, whole)


def _growth_goals(results: Results) -> Iterable[Goal]:
    part = results.get("growth", {})
    if not part:
        return
    basis = basis_of(part)
    for database in without_taken(part):
        small, large = part[database]["seconds_to_fill"]
        rows = int(large.replace(",", ""))
        of_pages = part[database]["pages"]
        ratios = {
            what: of_pages[large][what][basis] / of_pages[small][what][basis] for what in of_pages[small]
        }
        said = ", ".join(f"{what} {ratio:.2f} ×" for what, ratio in ratios.items())
        goal = f"{large} rows to {small}, {database} ({basis})"
        yield goal, "≤ 1.2 ×", said, _told(max(ratios.values()) <= 1.2, rows >= GOAL_ROWS)
        tidied = part[database]["housekeeping"][large]
        look = max(tidied["looks"][what] for what in ("look, none due", "look, all due"))
        met = _told(look <= LOOK, rows >= GOAL_WAITING)
        yield f"a look into an outbox of {large}, {database}", f"≤ {LOOK * 1e3:.0f} ms", ms(look), met
        longest = max(one["longest_wait"] for one in tidied["deleted"].values())
        met = _told(longest <= BATCH, rows >= GOAL_ROWS)
        goal = f"the longest that a writer waits for a deletion, {database}"
        yield goal, f"≤ {BATCH * 1e3:.0f} ms", ms(longest), met
        rate = min(one["rate"] for one in tidied["deleted"].values())
        met = _told(rate >= DELETED, rows >= GOAL_ROWS)
        yield f"rows deleted a second, {database}", f"≥ {DELETED:,}", f"{rate:,.0f}", met


def _rotate_goals(results: Results) -> Iterable[Goal]:
    for database, one in without_taken(results.get("rotate", {})).items():
        ratio = one["last"] / one["first"]
        goal = f"`keys rotate` of {one['people']:,}, the end to the beginning, {database}"
        yield goal, "≥ 0.8 ×", f"{ratio:.2f} ×", _told(ratio >= 0.8, one["people"] >= GOAL_ROWS // 10)


def _member_goals(results: Results) -> Iterable[Goal]:
    part = results.get("members", {})
    # The least of some looks is what a page takes while other programs rest.
    which = "wall" if basis_of(part) == "wall" else "least"
    for database, one in without_taken(part).items():
        took = max(
            page[which]
            for by_search in one["pages"].values()
            for by_sort in by_search.values()
            for by_place in by_sort.values()
            for page in by_place.values()
        )
        goal = f"any page of {one['members']:,} members, {database} ({which})"
        met = _told(took <= MEMBERS_PAGE, one["members"] >= GOAL_MEMBERS)
        yield goal, f"≤ {MEMBERS_PAGE * 1e3:.0f} ms", ms(took), met if met or which == "wall" else None
        if "activity" not in one:
            continue
        took = max(page[which] for by_place in one["activity"].values() for page in by_place.values())
        goal = f"any page of {one['events']:,} events of the organization, {database} ({which})"
        met = _told(took <= MEMBERS_PAGE, one["events"] >= GOAL_EVENTS)
        yield goal, f"≤ {MEMBERS_PAGE * 1e3:.0f} ms", ms(took), met if met or which == "wall" else None


def _soak_goals(results: Results) -> Iterable[Goal]:
    for name, one in without_taken(results.get("soak", {})).items():
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


def _slow_goals(results: Results) -> Iterable[Goal]:
    for way, one in without_taken(results.get("slow", {})).items():
        longest = one["crowd"]["page"]["p99"]
        said = f"{ms(longest)} ({ms(one['quiet']['page']['p99'])} without them)"
        yield f"a page while 200 slow clients hang, {way}: p99", "≤ 250 ms", said, longest <= SLOW_SECONDS


def _storm_goals(results: Results) -> Iterable[Goal]:
    one = without_taken(results.get("storm", {}))
    if not one:
        return
    storm, crowd, memory = one["storm"], one["crowd"], one["memory"]
    # Noise tells what another program would do to pages, and not what many others do to all of this.
    quiet = results["storm"].get("taken", {}).get("others", 0) < QUIET
    noise = max(1.0, one["noise"]["page"]["p99"] / one["quiet"]["page"]["p99"])
    limit = STORM_PAGE * noise
    code = max(crowd["code"]["p99"], storm["code"]["p99"])
    wanted = f"≤ 100 ms × {noise:.1f} of noise"
    for what, p99 in (("a page", storm["page"]["p99"]), ("the post of a code", code)):
        yield (
            f"a storm of {one['clients']} who sign in, {what}: p99",
            wanted,
            ms(p99),
            _if_quiet(p99 <= limit, quiet),
        )
    p99 = storm["readyz"]["p99"]
    yield (
        "the same, `/readyz`: p99",
        f"≤ {STORM_READYZ * 1e3:.0f} ms",
        ms(p99),
        _if_quiet(p99 <= STORM_READYZ, quiet),
    )
    ratio = one["rate"] / one["hashes"]
    clients = (one["busy"]["crowd"] + one["busy"]["looks"]) / one["cores"]
    rates = f"{one['rate']:.1f}/s to {one['hashes']:.1f}/s"
    said = f"{ratio:.2f} × ({rates}; the clients took {clients:.0%} of the cores)"
    yield (
        "the same, whole sign-ins to bare hashes",
        f"≥ {STORM_RATE} ×",
        said,
        _if_quiet(ratio >= STORM_RATE, quiet),
    )
    most = memory["idle"] + one["places"] * memory["place"] * STORM_MEMORY
    said = f"{memory['peak']:.0f} MB ({memory['idle']:.0f} MB idle, {memory['started']:.0f} MB at the start)"
    yield "the same, memory (PSS) of all processes", f"≤ {most:.0f} MB", said, memory["peak"] <= most
    wrong = crowd["errors"] + len(one["failed"])
    yield "the same, errors besides 503 for passwords", "none", str(wrong), wrong == 0
    said = f"{crowd['sign_ins']} of {crowd['begun']}, {crowd['refused']} times refused"
    yield "the same, who was refused came in", "all", said, crowd["sign_ins"] == crowd["begun"]
    longest = storm["owner"]["most"]
    goal = "the same, an owner at a known device: the longest sign-in"
    yield goal, f"≤ {STORM_OWNER:.0f} s", f"{longest:.1f} s", _if_quiet(longest <= STORM_OWNER, quiet)


def _told(met: bool, whole: bool) -> bool | None:
    """Whether a goal is met; None where it is, but by less than the *whole* that the goal speaks of."""
    return met if whole or not met else None


def _if_quiet(met: bool, quiet: bool) -> bool | None:
    """Whether a goal is met; None where it isn't, but other programs may be why."""
    return met if quiet or met else None
