"""The model's own thread: order, errors, and liveness that means finished work."""

from __future__ import annotations

import threading

import anyio
import pytest

from kairos.mind.resident import ModelThread

pytestmark = pytest.mark.anyio


async def test_all_work_runs_on_one_thread_in_order():
    seen = []
    async with ModelThread() as thread:
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(thread.run, lambda n=number: seen.append((n, threading.get_ident())))

    assert [n for n, _ in seen] == list(range(20))
    assert len({ident for _, ident in seen}) == 1


async def test_an_error_belongs_to_its_caller_and_the_thread_goes_on():
    async with ModelThread() as thread:
        with pytest.raises(ZeroDivisionError):
            await thread.run(lambda: 1 // 0)
        assert await thread.run(lambda: 7) == 7
