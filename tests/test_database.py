"""Group commit: what is awaited is on disk, one job's failure is only its own."""

from __future__ import annotations

import sqlite3

import anyio
import anyio.lowlevel
import pytest

from kairos.database import SCHEMA_VERSION, Database, connect
from kairos.errors import SchemaError, StoreUnavailable

pytestmark = pytest.mark.anyio
SCHEMA = ("CREATE TABLE t(x INTEGER PRIMARY KEY)",)


def _insert(x):
    return lambda c: c.execute("INSERT INTO t VALUES(?)", (x,)).lastrowid


async def test_a_job_returns_its_result_once_committed(folder):
    async with Database(folder / "d", SCHEMA) as database:
        assert await database.write(_insert(7)) == 7
        other = sqlite3.connect(folder / "d")
        assert other.execute("SELECT x FROM t").fetchall() == [(7,)]
        other.close()


async def test_a_failing_job_undoes_only_itself(folder):
    async with Database(folder / "d", SCHEMA) as database:
        results = {}

        async def one(x):
            try:
                results[x] = await database.write(_insert(x % 5))
            except sqlite3.IntegrityError:
                results[x] = None

        async with anyio.create_task_group() as tasks:
            for x in range(10):
                tasks.start_soon(one, x)
        assert sum(value is not None for value in results.values()) == 5


async def test_jobs_queued_together_share_a_commit(folder):
    async with Database(folder / "d", SCHEMA) as database:
        async with anyio.create_task_group() as tasks:
            for x in range(100):
                tasks.start_soon(database.write, _insert(x))
        assert database.statistics().jobs == 100
        assert database.statistics().commits < 100


async def test_a_disk_that_refuses_is_said_once_and_recovery_once(folder):
    heard = []
    async with Database(folder / "d", SCHEMA, on_health=heard.append) as database:
        await database.write(lambda c: c.execute("PRAGMA max_page_count=2"))
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await database.write(
                    lambda c: c.execute(
                        "INSERT INTO t SELECT x FROM (WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM r LIMIT 99999) SELECT x FROM r)"
                    )
                )
        await database.write(lambda c: c.execute("PRAGMA max_page_count=100000"))
        await anyio.lowlevel.checkpoint()
    assert [trouble is None for trouble in heard] == [False, True]


async def test_a_file_of_another_version_is_refused_by_name(folder):
    connection = connect(folder / "d", SCHEMA)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()

    with pytest.raises(SchemaError, match="newer KAIROS"):
        async with Database(folder / "d", SCHEMA):
            pass


async def test_no_directory_is_a_sentence_not_a_stack_trace(folder):
    with pytest.raises(StoreUnavailable, match="cannot write"):
        async with Database(folder / "nowhere" / "d", SCHEMA):
            pass
