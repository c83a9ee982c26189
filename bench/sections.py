"""The sections of ``docs/performance.md``, a function each: prose, and a table of what was measured."""

from __future__ import annotations

from bench.cells import OURS, Results, kb, ms, table, without_taken
from bench.contenders import PRODUCTION
from bench.people import LOOKS
from bench.storm import SETTLES

_PAGES = """## Pages under load (gunicorn sync)

The page that shows the state of the second step, for a person who has it on: in Twostep the tab's partial
for htmx, in the peers their settings page. The client used at most {busy:.0%} of one processor.

"""
_JOURNEYS = """## The cost of a journey

With a cheap hash, so that the cost of the rest shows. A sign-in is: sign-in page, password, code (at a
known device) and the page behind them. An enrollment is: settings page, QR code, first code, recovery
codes, their file, and the settings page again. Twostep's also has an e-mail step, with a real mail server
on the machine. Each row of an executemany is a statement. A commit is one of a transaction that wrote. A
round trip is one to PostgreSQL, BEGIN and COMMIT included. Bytes are those of whole answers, headers
included.
"""
_SIGN_INS = """## Whole sign-ins a second

With the cheap hash. The driver is a Python program with one thread per client and uses its share of the
processors.

"""
_HASH = """## The cost of the password hash

`flask --app app passwords cost` measures how many passwords a second a machine can hash. Three passes over
64 MiB are what RFC 9106 recommends as its second choice, and more than each of OWASP's. RFC 9106 has four
lanes there; we set one. On two cores that other programs used as well (26 November 2026):

| | four lanes | one lane |
| --- | --- | --- |
| processor time of a hash, least of 12 | 159 ms | 161 ms |
| hashes a second, two at once | 2.8 | 2.8 |
| 2 ms of other work while two hash, mean (5.5 ms without) | 21.5 ms | 11.9 ms |
| the same, p99 (28.6 ms without) | 119 ms | 53 ms |

Four lanes do not make more sign-ins a second. On two idle cores they make one hash faster (89 ms for 130
ms of processor time), and everybody else wait: four threads for each place in the line want a core. With
one lane, a place needs one core. Somebody who guesses at stolen hashes needs the same memory and
processor time for either.
"""
_SCALE = """## From a thousand accounts to a million

Every account has a second step, a session, a counter of attempts and ten events. Time in the server, wall ·
processor.

"""
_SLOW = """## Slow clients

`make serve` while 200 clients hang: a third announces a form and sends nothing, a third sends one byte by
byte, a third never finishes its headers. Who is left after its deadline comes again. Each page has a
connection of its own; `/readyz` is asked at the server itself.

"""
_STORM = """## A storm of sign-ins

`make serve` with the production hash while {clients} clients sign in without pause, each from a network and
at a device of its own, and again as `Retry-After` says. {places} hashes are made at once. Beside them
somebody looks at the tab, `/readyz` is asked, and owners at known devices sign in one after another. Noise is
the same page while another program hashes with as many threads. The measure begins {settles} seconds after
the crowd.

"""
_GROWTH = """## Tables that grow with time

So many events, notifications that wait, counters, used things and sessions, a tenth of each over, and a tenth
as many accounts. Pages: time in the server, wall · processor. Looks into the outbox: with no notification
due, with all due, and the two numbers of `/metrics`.

"""
_DELETED = """
Deletion of what is over, by one worker beside somebody else who writes every two milliseconds. The rates
include the rests after each batch.

"""
_ROTATE = """## `keys rotate`

One process, in batches of 200; people a second in the first and the last tenth.

"""
_SIZES = """## Bytes of a row

With the row's share of the indexes, after many were inserted. [Capacity](capacity.md) does the arithmetic.

"""
_MEMBERS = """## {members} members

The tab Members while 2-step verification is required of everybody: in each of the three orders at the
beginning, in the middle and at the end. A cell has the slowest of these nine pages: the median of {looks}
looks · the least · processor time of the server.

"""
_EVENTS = """

With {events} events in the organization's activity, its tab takes, in the same places and figures:

"""
_FILTERS = {"all": "everybody", "without-2sv": "without 2-step verification", "locked": "locked"}
_SHAPES = """## Processes and threads

`python -m bench.shapes`: `make serve` with so many processes × threads on two cores, 64 clients, a cheap
hash, PostgreSQL with `fsync`. In each cell: rate · median · p99 · processor time of the server for one. Other
work shared the machine, which favors more processes in rate; the processor time is what counts. Errors are
people who found no place in the line for hashes.

| | tab | sign-in | PSS | errors |
| --- | --- | --- | --- | --- |
| SQLite, 2 × 1 | 640/s · 80 · 309 · 1.43 ms | 52/s · 1161 · 2144 · 21.19 ms | 103 MB | 0 |
| SQLite, 2 × 2 | 823/s · 69 · 172 · 1.27 ms | 59/s · 839 · 1804 · 19.42 ms | 106 MB | 346 |
| SQLite, 2 × 4 | 753/s · 78 · 170 · 1.28 ms | 70/s · 890 · 1517 · 17.24 ms | 111 MB | 135 |
| SQLite, 4 × 1 | 947/s · 52 · 313 · 1.38 ms | 32/s · 1427 · 3891 · 27.03 ms | 181 MB | 0 |
| SQLite, 4 × 2 | 905/s · 59 · 201 · 1.39 ms | 39/s · 994 · 3126 · 29.98 ms | 190 MB | 272 |
| SQLite, 4 × 4 | 1,145/s · 52 · 194 · 1.34 ms | 45/s · 1047 · 2980 · 24.51 ms | 201 MB | 182 |
| PostgreSQL, 2 × 1 | 324/s · 125 · 784 · 2.23 ms | 12/s · 5908 · 6093 · 43.73 ms | 107 MB | 0 |
| PostgreSQL, 2 × 2 | 490/s · 100 · 332 · 1.85 ms | 30/s · 1829 · 2959 · 29.55 ms | 110 MB | 208 |
| PostgreSQL, 2 × 4 | 533/s · 92 · 395 · 1.66 ms | 33/s · 1563 · 3471 · 24.01 ms | 115 MB | 32 |
| PostgreSQL, 4 × 1 | 356/s · 124 · 685 · 2.24 ms | 10/s · 6762 · 7325 · 52.58 ms | 190 MB | 0 |
| PostgreSQL, 4 × 2 | 533/s · 88 · 483 · 1.96 ms | 22/s · 2072 · 4852 · 38.53 ms | 195 MB | 207 |
| PostgreSQL, 4 × 4 | 520/s · 78 · 629 · 1.94 ms | 31/s · 1751 · 3976 · 27.35 ms | 204 MB | 15 |

So the default is one process for each core and four threads: a second process for each core costs 90 MB and
serves a page or a sign-in at no less processor time. With one thread, each wait for the database is a
process's own; two leave one place for hashes and none to wait in.
"""
_BEFORE = """## Before there was an extension

`python -m bench.instructions ../before .` counts the processor's instructions in the server, on SQLite and
with a cheap hash, in checkouts of two commits. *Before* is c659d1b, when the console was all there was
(it needs flask-limiter 4.1.1 besides). *Since* is 33e6971, with the extension and what it brought: passkeys,
several authenticators, remembered browsers, requirements. *Now* is without much that was done twice, or for
nothing. The statements are those of `python -m bench --only journeys`; a sign-in has 3 commits, and had 4.

|  | before | since | now | since, to before | now, to before | statements, likewise |
| --- | --- | --- | --- | --- | --- | --- |
| a sign-in | 36.0 million | 44.6 million | 28.4 million | 1.24 × | 0.79 × | 17 · 21 · 20 |
| GET /sign-in | 5.5 million | 9.3 million | 4.7 million | 1.70 × | 0.85 × | 0 · 1 · 1 |
| POST password | 12.4 million | 14.2 million | 9.9 million | 1.14 × | 0.80 × | 6 · 6 · 6 |
| POST code | 11.9 million | 12.9 million | 9.8 million | 1.08 × | 0.82 × | 10 · 13 · 12 |
| GET / | 6.2 million | 8.2 million | 4.1 million | 1.32 × | 0.66 × | 1 · 1 · 1 |
| the tab | 4.8 million | 8.2 million | 4.2 million | 1.72 × | 0.87 × | 2 · 2 · 2 |
| the tab’s page | 7.5 million | 12.2 million | 5.9 million | 1.64 × | 0.79 × | 2 · 2 · 2 |

The goal was at most 1.1 × for a sign-in and for pages. All of them meet it, though the tab does more than
before: it shows each authenticator with a form for each thing that can be done with it, and the remembered
browsers, where it had one button.
"""
_PROFILE = """## Where the time goes

Shares under cProfile, on SQLite with the cheap hash. Packages: time spent in their own code, with C code
(such as the database) counted for the caller. Parts: time including everything they call, so parts can
contain each other.

"""
_KINDS = {"packages": "package", "parts": "part"}


def pages(results: Results) -> str:
    part = results.get("load", {})
    if "pages" not in part:
        return ""
    busy = max(one["busy"] for by_clients in part["pages"].values() for one in by_clients.values())
    text = _PAGES.format(busy=busy) + _rates(part["pages"])
    if part.get("steps"):
        text += "\n\nA GET of each step of the wizard, in the state in which people reach it:\n\n"
        text += _rates(part["steps"])
    return text


def granian(results: Results) -> str:
    part = results.get("load", {}).get("granian")
    if not part:
        return ""
    return "## The same with granian (one blocking thread per worker, keep-alive)\n\n" + _rates(part)


def serve(results: Results) -> str:
    part = results.get("load", {}).get("serve")
    return "## The same with `make serve` (threads)\n\n" + _rates(part) if part else ""


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
    return table(["", *heads, "errors"], rows)


def journeys(results: Results) -> str:
    part = results.get("journeys", {})
    if not part:
        return ""
    text = _JOURNEYS
    for journey in ("sign-in", "enrollment", "settings page"):
        text += f"\n### {journey.capitalize()}\n\n" + _costs(part["cheap"], journey) + "\n"
    hashing = part["hash"]
    cost = part.get("cost", PRODUCTION)
    for journey in ("sign-in", "enrollment"):
        if any(journey in one for one in part["production"].values()):
            text += f"\n### {journey.capitalize()} with the production hash ({cost})\n\n"
            text += _costs(part["production"], journey) + "\n"
    text += f"\nThe hash alone: {ms(hashing['wall'])} wall, {ms(hashing['processor'])} processor time."
    return text


def _costs(by_name: Results, journey: str) -> str:
    heads = ["", "requests", *_COSTS]
    rows = [
        [name, str(one[journey]["requests"]), *_cost(one[journey])]
        for name, one in by_name.items()
        if journey in one
    ]
    return table(heads, rows)


_COSTS = ("statements", "commits", "round trips", "wall", "processor", "bytes", "compressed")


def _cost(one: Results) -> list[str]:
    counts = [f"{one[name]:.0f}" if name in one else "–" for name in ("statements", "commits", "trips")]
    return [*counts, ms(one["wall"]), ms(one["processor"]), kb(one["size"]), kb(one["gzipped"])]


def requests(results: Results) -> str:
    cheap = results.get("journeys", {}).get("cheap")
    if not cheap:
        return ""
    rows = [
        [step["name"], *_cost(step)]
        for journey in ("sign-in", "enrollment")
        for step in cheap[OURS][journey]["steps"]
    ]
    head = ["request", *_COSTS]
    return "### Every request of Twostep, on SQLite\n\n" + table(head, rows)


def sign_ins(results: Results) -> str:
    found = results.get("load", {}).get("sign_ins")
    if not found:
        return ""
    return _SIGN_INS + _rates(found)


def hashing(_results: Results) -> str:
    return _HASH


def shapes(_results: Results) -> str:
    return _SHAPES


def before(_results: Results) -> str:
    return _BEFORE


def memory(results: Results) -> str:
    memory = results.get("load", {}).get("memory")
    if not memory:
        return ""
    rows = [[name, f"{one['rss']:.0f} MB", f"{one['pss']:.0f} MB"] for name, one in memory.items()]
    text = "## Memory of a worker after the load\n\n" + table(["", "RSS", "PSS"], rows)
    installed = results.get("journeys", {}).get("installed")
    if installed:
        rows = [[name, f"{one['rss']:.0f} MB", f"{one['pss']:.0f} MB"] for name, one in installed.items()]
        text += (
            "\n\nAfter sign-ins with the production hash, Twostep under `make serve`, peers under granian:"
        )
        text += "\n\n" + table(["", "RSS", "PSS"], rows)
    return text


def scale(results: Results) -> str:
    part = results.get("scale", {})
    if not part:
        return ""
    rows = [
        [
            database,
            f"{size} accounts",
            *(f"{ms(one['wall'])} · {ms(one['processor'])}" for one in part[database][size].values()),
        ]
        for database in without_taken(part)
        for size in part[database]["seconds_to_fill"]
    ]
    return _SCALE + table(["", "", "sign-in", "tab", "Activity"], rows)


def growth(results: Results) -> str:
    part = results.get("growth", {})
    if not part:
        return ""
    pages, deleted = [], []
    for database in without_taken(part):
        for size in part[database]["seconds_to_fill"]:
            of_pages, tidied = part[database]["pages"][size], part[database]["housekeeping"][size]
            times = [f"{ms(one['wall'])} · {ms(one['processor'])}" for one in of_pages.values()]
            looks = [f"{seconds * 1e3:.2f} ms" for seconds in tidied["looks"].values()]
            pages.append([database, f"{size} rows", *times, *looks])
            for emptied, one in tidied["deleted"].items():
                batches = [ms(one[which]) for which in ("median", "p99", "wait_p99", "longest_wait")]
                deleted.append(
                    [database, f"{size} rows", emptied, f"{one['rows']:,}", *batches, f"{one['rate']:,.0f}/s"]
                )
    text = _GROWTH + table(["", "", *of_pages, *tidied["looks"]], pages)
    heads = ["", "", "table", "over", "batch: median", "p99", "another’s wait: p99", "longest", "deleted"]
    return text + "\n" + _DELETED + table(heads, deleted)


def rotate(results: Results) -> str:
    found = without_taken(results.get("rotate", {}))
    if not found:
        return ""
    rows = [
        [
            database,
            f"{one['people']:,}",
            f"{one['seconds']:.0f} s",
            f"{one['first']:,.0f}/s",
            f"{one['last']:,.0f}/s",
        ]
        for database, one in found.items()
    ]
    return _ROTATE + table(["", "people", "in", "beginning", "end"], rows)


def sizes(results: Results) -> str:
    found = without_taken(results.get("sizes", {}))
    if not found:
        return ""
    tables = next(iter(found.values()))
    rows = [
        [
            f"`{table}`",
            f"{tables[table]['rows']:,}",
            *(
                f"{one[table]['table']:.0f} + {one[table]['indexes']:.0f}"
                f" = {one[table]['table'] + one[table]['indexes']:.0f}"
                for one in found.values()
            ),
        ]
        for table in sorted(tables)
    ]
    return _SIZES + table(["table", "rows", *(f"{name}: table + indexes" for name in found)], rows)


def members(results: Results) -> str:
    found = without_taken(results.get("members", {}))
    if not found:
        return ""
    first = next(iter(found.values()))
    rows = [
        [
            f"{_FILTERS[state]}, {'no search' if search == 'all' else f'search that finds {search}'}",
            *(_cell(_pages(one, state, search)) for one in found.values()),
        ]
        for state in _FILTERS
        for search in first["pages"][state]
    ]
    text = _MEMBERS.format(members=f"{first['members']:,}", looks=LOOKS)
    return text + table(["", *found], rows) + _events(found)


def _events(found: Results) -> str:
    if not all("activity" in one for one in found.values()):
        return ""
    first = next(iter(found.values()))
    rows = [
        [name, *(_cell([*one["activity"][name].values()]) for one in found.values())]
        for name in first["activity"]
    ]
    return _EVENTS.format(events=f"{first['events']:,}") + table(["", *found], rows)


def _pages(one: Results, state: str, search: str) -> list[dict[str, float]]:
    return [page for by_place in one["pages"][state][search].values() for page in by_place.values()]


def _cell(pages: list[dict[str, float]]) -> str:
    """Say what the slowest page took: the median, the least, and of the processor."""
    return " · ".join(ms(max(page[which] for page in pages)) for which in ("wall", "least", "processor"))


def soak(results: Results) -> str:
    found = without_taken(results.get("soak", {}))
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
    return "## Mixed journeys from 64 clients\n\n" + table(heads, rows)


def slow(results: Results) -> str:
    found = without_taken(results.get("slow", {}))
    if not found:
        return ""
    rows = [
        [
            way,
            *(
                f"{ms(one[when][what]['median'])} · {ms(one[when][what]['p99'])}"
                for what in ("page", "readyz")
                for when in ("quiet", "crowd")
            ),
        ]
        for way, one in found.items()
    ]
    heads = ["median · p99", "page, without them", "page, with them", "/readyz, without", "/readyz, with"]
    return _SLOW + table(heads, rows)


def storm(results: Results) -> str:
    one = without_taken(results.get("storm", {}))
    if not one:
        return ""
    crowd = one["crowd"]
    looks = [
        *((f"{what}, {when}", one[when][what]) for what in ("page", "readyz") for when in ("quiet", "noise")),
        *((f"{what}, storm", took) for what, took in one["storm"].items()),
        ("code of the crowd", crowd["code"]),
        ("whole sign-in of the crowd, refusals included", crowd["whole"]),
    ]
    rows = [
        [what, str(took["count"]), *(ms(took[which]) for which in ("median", "p99", "most"))]
        for what, took in looks
    ]
    busy = ", ".join(f"{who} {share:.2f}" for who, share in one["busy"].items())
    text = _STORM.format(clients=one["clients"], places=one["places"], settles=SETTLES)
    text += table(["", "times", "median", "p99", "longest"], rows)
    bare, large = one["hashes"], one.get("hashes_in_large_pages", 0)
    text += f"\n\nProcessors taken: {busy}. A bare hash: {bare:.1f} a second, {large:.1f} in large pages."
    return text + "".join(f"\n\n`{complaint}`" for complaint in [*crowd["complaints"], *one["failed"]][:5])


def profile(results: Results) -> str:
    part = results.get("profile")
    if not part:
        return ""
    text = _PROFILE
    for kind in ("packages", "parts"):
        tab, sign_in = part["tab"][kind], part["sign-in"][kind]
        rows = [
            [name, f"{tab.get(name, 0):.0%}", f"{sign_in.get(name, 0):.0%}"] for name in {**tab, **sign_in}
        ]
        text += table([_KINDS[kind], "the tab", "a sign-in"], rows) + "\n\n"
    memory = [[name, f"{size:.0f} MB"] for name, size in part["memory"].items()]
    text += "Memory of a process after each import, in order:\n\n"
    return text + table(["", "RSS"], memory)
