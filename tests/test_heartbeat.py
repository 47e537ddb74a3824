"""The loop, on virtual time: an hour of beats in a moment."""

from __future__ import annotations

import anyio
import msgspec
import pytest
import trio.testing

from kairos.config import HeartbeatSettings
from kairos.errors import RowsRefused, StoreUnavailable
from kairos.events import Priority, Tick, Verdict
from kairos.heartbeat import Heartbeat
from kairos.testing import FakeInbox, FakeMind, FakeSettler, group

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}


class Bench:
    """A heartbeat over fakes."""

    def __init__(self, *groups, mind=None, awake=True, **settings):
        self.inbox = FakeInbox(groups)
        self.mind = mind or FakeMind()
        self.settler = FakeSettler(self.inbox)
        self.ticks: list[Tick] = []
        self.awake = awake
        self.heart = Heartbeat(
            HeartbeatSettings(**{"interval_s": 30.0, **settings}),
            mind=self.mind,
            inbox=self.inbox,
            settler=self.settler,
            idle=self.settler,
            listeners=[self.ticks.append],
            awake=lambda: self.awake,
        )

    async def live(self, seconds, *then):
        """Beat for `seconds`; each of `then` is (at, what)."""
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                for at, what in then:
                    tasks.start_soon(self._later, at, what)
                await self.heart.run()

    async def _later(self, at, what):
        await anyio.sleep(at)
        what()


async def test_an_idle_hour_is_120_beats_of_the_same_frame_and_nothing_is_settled():
    bench = Bench()

    await bench.live(3600 - 1)

    assert len(bench.ticks) == 120
    assert {frame.kind for frame in bench.mind.judged} == {"idle"}
    assert bench.settler.decisions == []
    assert len(bench.settler.idle) == 120
    assert bench.mind.anchor == 100


async def test_a_group_is_judged_settled_and_rewound_when_it_is_no_op():
    bench = Bench(group("all is well"))

    await bench.live(1)

    assert [d.verdict for d in bench.settler.decisions] == [Verdict.NO_OP]
    assert bench.mind.anchor == 100
    assert bench.ticks[0].idle_margin is None


async def test_an_action_moves_the_anchor():
    bench = Bench(group("ACT disk full"))

    await bench.live(1)

    assert bench.settler.decisions[0].actuator == "log"
    assert bench.mind.anchor == 110


async def test_at_most_four_frames_a_beat_and_the_backlog_goes_on_soon_after():
    bench = Bench(*(group("x", number=n) for n in range(10)), catch_up_s=0.5)

    await bench.live(20)

    assert [len(tick.decisions) for tick in bench.ticks] == [4, 4, 2]
    assert [tick.cause for tick in bench.ticks] == ["interval", "backlog", "backlog"]


async def test_an_interactive_event_is_judged_before_a_bulk_backlog_within_one_frame():
    bench = Bench(*(group("bulk", number=n, priority=Priority.BULK) for n in range(100)), mind=FakeMind(seconds=1.0))

    def interrupt():
        bench.inbox.groups.append(group("now", number=999, priority=Priority.INTERACTIVE))
        bench.heart.wake()

    await bench.live(10, (1.5, interrupt))

    assert [frame.text for frame in bench.mind.judged].index("now") == 2


async def test_a_bell_between_beats_beats_at_once():
    bench = Bench()

    def interrupt():
        bench.inbox.groups.append(group("door", priority=Priority.REALTIME))
        bench.heart.wake()

    await bench.live(20, (7, interrupt))

    assert [tick.cause for tick in bench.ticks] == ["interval", "interrupt"]


async def test_beats_that_take_longer_than_the_interval_are_not_caught_up():
    bench = Bench(mind=FakeMind(seconds=100.0))

    await bench.live(1000)

    assert len(bench.ticks) <= 10


async def test_a_paused_heart_judges_nothing_but_echoes_through_the_mind():
    bench = Bench(group("x"))
    bench.heart.pause()

    await bench.live(100, (65, bench.heart.resume))

    assert bench.mind.echoes == 3
    assert len(bench.settler.decisions) == 1


async def test_outside_active_hours_only_urgent_events_are_judged():
    bench = Bench(group("later", number=1), group("now", number=2, priority=Priority.INTERACTIVE), awake=False)

    await bench.live(1)

    assert [frame.text for frame in bench.mind.judged] == ["now"]
    assert bench.inbox.waiting == 1


async def test_a_store_that_refuses_leaves_the_event_undecided_and_the_cache_rewound():
    bench = Bench(group("ACT disk"))
    bench.settler.trouble = StoreUnavailable(__import__("pathlib").Path("/x"), "disk full")

    await bench.live(60)

    assert len(bench.settler.decisions) == 1
    assert bench.mind.anchor == 110


async def test_rows_that_are_refused_are_receipted_and_do_not_count_as_a_broken_mind():
    class Refusing(FakeMind):
        async def judge(self, frame):
            if frame.kind == "text":
                raise RowsRefused("they are rows of another model")
            return await super().judge(frame)

    bench = Bench(*(group(f"event {number}") for number in range(6)), mind=Refusing())
    await bench.live(100)

    decided = [decision for tick in bench.ticks for decision in tick.decisions]
    assert len(decided) == 6
    assert {decision.verdict for decision in decided} == {Verdict.NO_OP}


async def test_a_frame_too_long_to_read_is_judged_by_its_source_alone():
    bench = Bench(group("x" * 20_000))

    await bench.live(1)

    assert bench.mind.judged[0].text == "(too long to read)"
    assert bench.inbox.waiting == 0


async def test_a_ring_over_budget_is_trimmed_and_the_trim_receipted():
    bench = Bench(*(group("ACT", number=n) for n in range(6)), mind=FakeMind(budget=140), frames_per_tick=6)

    await bench.live(1)

    assert bench.settler.trims == [3]
    assert bench.mind.anchor == 130


async def test_ticks_are_numbered_without_gaps():
    bench = Bench(*(group("x", number=n) for n in range(9)))

    await bench.live(200)

    assert [tick.number for tick in bench.ticks] == list(range(1, len(bench.ticks) + 1))
    assert all(msgspec.json.encode(tick) for tick in bench.ticks)


class BrokenMind(FakeMind):
    """Fails for every text that holds `poison`."""

    async def judge(self, frame):
        if "poison" in frame.text:
            raise RuntimeError("kernel launch failure")
        return await super().judge(frame)


async def test_an_event_that_breaks_the_mind_is_receipted_as_unjudged_and_the_next_one_is_judged():
    bench = Bench(group("poison", number=1), group("ACT", number=2), mind=BrokenMind())

    await bench.live(1)

    assert [d.verdict for d in bench.settler.decisions] == [Verdict.NO_OP, Verdict.ACTION]


async def test_a_mind_that_breaks_on_everything_ends_the_daemon_with_the_events_undecided():
    bench = Bench(*(group("poison", number=n) for n in range(5)), mind=BrokenMind())

    with pytest.raises(ExceptionGroup) as caught:
        await bench.live(10)

    assert caught.group_contains(RuntimeError, match="launch failure")
    assert bench.inbox.waiting == 3
