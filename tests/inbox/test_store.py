"""Events in, durable; out once, as groups."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairos.config import InboxSettings, LedgerSettings
from kairos.errors import Busy
from kairos.events import Priority
from kairos.inbox import Inbox
from kairos.ledger import Ledger
from kairos.testing import event

pytestmark = pytest.mark.anyio


@pytest.fixture
async def make(database):
    ledger = Ledger(database, LedgerSettings(), b"k" * 32)

    async def opened(**fields):
        inbox = Inbox(database, InboxSettings(**fields), receipt=ledger.append, clock=lambda: 5000.0)
        await inbox.open()
        return inbox

    return opened


async def _decide(database, inbox, group, receipt=1):
    def job(connection):
        priorities = inbox.priorities(connection, group)
        return inbox.decide(connection, group, receipt), priorities

    seqs, priorities = await database.write(job)
    inbox.note_decided(len(seqs), priorities)
    return seqs


async def test_the_same_id_twice_is_one_event(make):
    inbox = await make()

    first = await inbox.accept([event(), event()])
    again = await inbox.accept([event()])

    assert [row.duplicate for row in first + again] == [False, True, True]
    assert {row.seq for row in first + again} == {1}
    assert inbox.waiting == 1


async def test_what_waits_survives_a_restart(make):
    await (await make()).accept([event(number=n) for n in range(3)])

    assert (await make()).waiting == 3


async def test_lines_of_one_template_are_one_group_and_the_newest_speaks(make):
    inbox = await make()
    await inbox.accept([event(f"Failed password for root from 10.0.0.{n} port {n}", number=n) for n in range(1, 9)])

    (group,) = await inbox.due(10)

    assert (group.count, group.seqs) == (8, (1, 8))
    assert group.newest.text.endswith("port 8")
    assert group.series is not None
    assert group.series.startswith("8 like this in")


async def test_groups_come_most_urgent_first_then_oldest(make):
    inbox = await make()
    await inbox.accept(
        [
            event("alpha", number=1, priority=Priority.BULK),
            event("beta gamma", number=2, priority=Priority.BACKGROUND),
            event("delta epsilon zeta", number=3, priority=Priority.INTERACTIVE),
        ]
    )

    assert [group.newest.text for group in await inbox.due(10)] == ["delta epsilon zeta", "beta gamma", "alpha"]
    assert [g.newest.text for g in await inbox.due(10, least=Priority.INTERACTIVE)] == ["delta epsilon zeta"]


async def test_sources_do_not_share_groups(make):
    inbox = await make()
    await inbox.accept([event("same words", number=1, source="a"), event("same words", number=2, source="b")])

    assert len(await inbox.due(10)) == 2


async def test_a_decided_group_is_gone_and_an_event_that_came_meanwhile_waits(make, database):
    inbox = await make()
    await inbox.accept([event("job 1 done", number=1)])
    (group,) = await inbox.due(1)
    await inbox.accept([event("job 2 done", number=2)])

    assert await _decide(database, inbox, group) == [1]
    (rest,) = await inbox.due(1)
    assert rest.seqs == (2, 2)
    assert rest.series is not None
    assert rest.series.startswith("2 like this")


async def test_a_group_is_decided_once(make, database):
    inbox = await make()
    await inbox.accept([event()])
    (group,) = await inbox.due(1)
    await _decide(database, inbox, group)

    with pytest.raises(Exception, match="decided before"):
        await _decide(database, inbox, group)


async def test_a_duplicate_of_a_decided_event_knows_its_receipt(make, database):
    inbox = await make()
    await inbox.accept([event()])
    (group,) = await inbox.due(1)
    await _decide(database, inbox, group, receipt=42)

    assert (await inbox.accept([event()]))[0].receipt == 42


async def test_bulk_beyond_the_bound_is_folded_with_a_receipt_and_its_number_is_kept(make, database):
    inbox = await make(fold_above=10, busy_above=100)
    await inbox.accept([event(f"line {n}", number=n, priority=Priority.BULK) for n in range(30)])

    (group,) = await inbox.due(10)

    assert inbox.waiting == 1
    assert group.series is not None
    assert group.series.startswith("30 like this")
    kinds = await database.read(lambda c: [row[0] for row in c.execute("SELECT kind FROM receipts")])
    assert kinds == ["fold"]


async def test_above_the_bound_low_priorities_are_asked_to_come_again(make):
    inbox = await make(fold_above=1, busy_above=4)
    await inbox.accept([event(f"{'a' * n} b", number=n) for n in range(1, 5)])

    with pytest.raises(Busy, match="send again later"):
        inbox.refuse_when_full(Priority.BACKGROUND)
    inbox.refuse_when_full(Priority.INTERACTIVE)


async def test_a_series_starts_again_after_a_silence(make, database):
    inbox = await make(series_window_s=60)
    for number, at in ((1, 0.0), (2, 30.0), (3, 500.0)):
        await inbox.accept([event(f"tick {number}", number=number, at=at)])
        (group,) = await inbox.due(1)
        await _decide(database, inbox, group, receipt=number)
        assert (group.series is None) == (number != 2)


async def test_forgetting_takes_the_text_and_leaves_the_hash(make, database):
    inbox = await make(keep_days=1)
    await inbox.accept([event()])
    (group,) = await inbox.due(1)
    await _decide(database, inbox, group)
    inbox._clock = lambda: 5000.0 + 3 * 86400

    assert await inbox.forget() == 1
    rows = await database.read(lambda c: c.execute("SELECT length(digest) FROM events").fetchall())
    assert rows == [(16,)]


_events = st.builds(
    lambda number, text, priority: event(text, number=number, priority=priority),
    number=st.integers(1, 40),
    text=st.sampled_from(["disk 1 full", "disk 2 full", "door open", "load 3"]),
    priority=st.sampled_from(list(Priority)),
)


@given(batches=st.lists(st.lists(_events, min_size=1, max_size=8), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_every_event_is_decided_exactly_once(tmp_path_factory, batches):
    import anyio

    from kairos import act, inbox, ledger
    from kairos.database import Database

    async def story():
        path = tmp_path_factory.mktemp("p") / "k.db"
        async with Database(path, (inbox.SCHEMA, ledger.SCHEMA, act.SCHEMA)) as database:
            box = Inbox(database, InboxSettings(look_ahead=3), receipt=lambda *_: 1)
            await box.open()
            ids = set()
            for batch in batches:
                await box.accept(batch)
                ids |= {e.id for e in batch}
                for group in await box.due(1):
                    await _decide(database, box, group)
            while groups := await box.due(5):
                for group in groups:
                    await _decide(database, box, group)
            rows = await database.read(lambda c: c.execute("SELECT id, state FROM events").fetchall())
            assert sorted(row[0] for row in rows) == sorted(ids)
            assert {row[1] for row in rows} <= {1}
            assert box.waiting == 0

    anyio.run(story)


async def test_events_come_back_as_they_were_given(make):
    inbox = await make()
    given_event = event("é\t☃", number=9, metrics={}, at=12.5)
    await inbox.accept([given_event])

    assert msgspec.to_builtins((await inbox.due(1))[0].newest) == msgspec.to_builtins(given_event)
