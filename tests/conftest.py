"""What every test shares: a short scratch folder, and anyio on the backend a test names."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from kairos import act, inbox, ledger
from kairos.database import Database


@pytest.fixture
def anyio_backend() -> str:
    """Most of the daemon lives on asyncio; a test of the heartbeat asks for trio itself."""
    return "asyncio"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A scratch folder whose path is short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="k-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.testing.LogCapture()])
    yield
    structlog.reset_defaults()


@pytest.fixture
async def database(folder: Path) -> AsyncIterator[Database]:
    """An open file with every room's tables."""
    async with Database(folder / "k.db", (inbox.SCHEMA, ledger.SCHEMA, act.SCHEMA)) as opened:
        yield opened
