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


async def test_any_causal_lm_in_a_directory_moves_in_by_its_path(folder, tiny_model, tokenizer_file):
    import shutil

    from kairos.config import MindSettings, places
    from kairos.events import Frame, Verdict
    from kairos.mind.resident import open_mind

    tiny_model.save_pretrained(folder / "m")
    shutil.copy(tokenizer_file, folder / "m" / "tokenizer.json")
    settings = MindSettings(model=str(folder / "m"), sensitivity=1e300, max_positions=1500, device="cpu", answer_tokens=8)
    async with ModelThread() as thread:
        mind = await open_mind(thread, settings, places=places(folder), actuators=["log", "notify"], key=b"k")
        start = mind.anchor
        judgement = await mind.judge(Frame(kind="text", source="s", text="x"))
        await mind.commit()
        await mind.echo()

    assert judgement.verdict is Verdict.ACTION
    assert judgement.actuator in ("log", "notify")
    assert mind.anchor > start
    assert mind.width == 48
    assert set(mind.digests) == {"weights", "tokenizer", "dtype", "policy", "layers", "rows"}
