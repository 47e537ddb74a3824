"""One sqlite file, one writer thread, group commit: what is awaited here is on disk.

Inbox, ledger and actions share the file so that a verdict, its receipt and its action become true
in one transaction. Jobs queued while a commit is on its way share the next one, which is what makes
5,000 durable events a second possible with `synchronous=FULL`.

The thread is the only one that touches the connection. Jobs must not keep it.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from kairos.errors import KairosError, SchemaError, StoreUnavailable

SCHEMA_VERSION: Final = 1
_BATCH: Final = 256
_CACHE_KIB: Final = 16384

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]


@dataclass(frozen=True)
class _Queued:
    job: Job[Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True)
class DatabaseStatistics:
    """Counters since the start."""

    commits: int
    jobs: int
    failed_commits: int
    healthy: bool


class Database:
    """The file and its thread. Use as an async context manager; asyncio only."""

    def __init__(self, path: Path, schemas: Sequence[str], *, on_health: Callable[[StoreUnavailable | None], None] | None = None) -> None:
        """`schemas` are the DDL of the rooms; `on_health` hears once of a failure and once of recovery."""
        self.path: Final = path
        self._schemas = schemas
        self._on_health = on_health
        self._queue: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._commits = self._jobs = self._failed = 0
        self._healthy = True

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="ledger-writer", daemon=True)
        self._thread.start()
        await opened
        return self

    async def __aexit__(self, *_: object) -> None:
        self._queue.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    async def write(self, job: Job[T]) -> T:
        """Run `job` inside the next transaction and return its result once that is on disk.

        An exception of the job undoes only that job. Raises `StoreUnavailable` when the commit failed;
        then nothing of it was kept.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Queued(job, future))
        return await future

    read = write
    """Reads go the same way: they see what was queued before them."""

    def statistics(self) -> DatabaseStatistics:
        """Counters; safe from any thread."""
        return DatabaseStatistics(self._commits, self._jobs, self._failed, self._healthy)

    def _run(self, opened: asyncio.Future[None]) -> None:
        try:
            connection = connect(self.path, self._schemas)
        except KairosError as error:
            self._tell(opened.set_exception, error)
            return
        except (sqlite3.Error, OSError) as error:
            self._tell(opened.set_exception, StoreUnavailable(self.path, str(error)))
            return
        self._tell(opened.set_result, None)
        while (first := self._queue.get()) is not None:
            batch, stop = [first], False
            while len(batch) < _BATCH and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    stop = True
                    break
                batch.append(item)
            done = self._transact(connection, batch)
            self._tell(_resolve, done)
            if stop:
                break
        connection.close()

    def _transact(self, connection: sqlite3.Connection, batch: list[_Queued]) -> list[tuple[_Queued, Any, bool]]:
        """Run a batch as one transaction: rows of (job, result or error, succeeded)."""
        done: list[tuple[_Queued, Any, bool]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for item in batch:
                connection.execute("SAVEPOINT job")
                try:
                    done.append((item, item.job(connection), True))
                except sqlite3.OperationalError:
                    raise
                except Exception as error:  # noqa: BLE001 - belongs to the job's caller, not to this thread
                    connection.execute("ROLLBACK TO job")
                    done.append((item, error, False))
                connection.execute("RELEASE job")
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._failed += 1
            refused = StoreUnavailable(self.path, str(error))
            self._note(refused)
            return [(item, refused, False) for item in batch]
        self._commits += 1
        self._jobs += len(batch)
        self._note(None)
        return done

    def _note(self, trouble: StoreUnavailable | None) -> None:
        if self._healthy != (trouble is None):
            self._healthy = trouble is None
            if self._on_health is not None:
                self._tell(self._on_health, trouble)

    def _tell(self, callback: Callable[..., Any], argument: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, argument)
        except RuntimeError:
            return  # the loop is gone: nobody is left to be told


def _resolve(done: list[tuple[_Queued, Any, bool]]) -> None:
    for item, value, succeeded in done:
        if item.future.done():
            continue  # its caller was cancelled meanwhile
        if succeeded:
            item.future.set_result(value)
        else:
            item.future.set_exception(value)


def connect(path: Path, schemas: Sequence[str]) -> sqlite3.Connection:
    """Open and, if new, create the file; raises `SchemaError` for another version's file."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, SCHEMA_VERSION):
        connection.close()
        raise SchemaError(path, version, SCHEMA_VERSION)
    if version == 0:
        script = ";\n".join(schemas)
        connection.executescript(f"BEGIN;\n{script};\nPRAGMA user_version={SCHEMA_VERSION};\nCOMMIT;")
    return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """A second, reading connection, for commands that look at a living daemon's file."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
