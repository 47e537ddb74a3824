"""Receipts: a chain that shows every touch."""

from __future__ import annotations

import pytest

from kairos.config import LedgerSettings
from kairos.errors import ChainBroken
from kairos.events import Frame
from kairos.ledger import Head, Ledger, Retained, RetainedFrame, verify
from kairos.ledger.chain import signing_key

pytestmark = pytest.mark.anyio
KEY = b"k" * 32


@pytest.fixture
def ledger(database):
    return Ledger(database, LedgerSettings(segment_receipts=5), KEY)


async def _fill(database, ledger, count):
    for n in range(count):
        await database.write(lambda c, n=n: ledger.append(c, "verdict", {"n": n}))


async def test_an_untouched_chain_verifies(database, ledger):
    await _fill(database, ledger, 12)

    found = await database.read(lambda c: verify(c, KEY))

    assert (found.receipts, found.segments, found.head.n) == (12, 2, 12)


@pytest.mark.parametrize(
    ("touch", "number"),
    [
        ("UPDATE receipts SET body='{}' WHERE n=3", 3),
        ("UPDATE receipts SET at=at+1 WHERE n=7", 7),
        ("DELETE FROM receipts WHERE n=4", 4),
        ("DELETE FROM receipts WHERE n=11", 11),
        ("UPDATE receipts SET n=99 WHERE n=12", 12),
        ("UPDATE segments SET head=zeroblob(32) WHERE no=1", 5),
        ("DELETE FROM segments WHERE no=1", 1),
        ("UPDATE segments SET pruned=1 WHERE no=2; UPDATE segments SET signature=zeroblob(32) WHERE no=2", 10),
    ],
)
async def test_every_touch_is_named_by_the_first_bad_receipt(database, ledger, touch, number):
    await _fill(database, ledger, 12)
    await database.write(lambda c: [c.execute(part) for part in touch.split(";")])

    with pytest.raises(ChainBroken) as caught:
        await database.read(lambda c: verify(c, KEY))

    assert caught.value.number == number


async def test_a_cut_tail_is_seen_against_a_published_head(database, ledger):
    await _fill(database, ledger, 8)
    head = await ledger.flush()
    await database.write(lambda c: c.execute("DELETE FROM receipts WHERE n>6"))

    with pytest.raises(ChainBroken, match="was published"):
        await database.read(lambda c: verify(c, KEY, published=head))


async def test_a_rewritten_tail_is_seen_against_a_published_head(database, ledger):
    await _fill(database, ledger, 6)

    with pytest.raises(ChainBroken, match="differs from the head"):
        await database.read(lambda c: verify(c, KEY, published=Head(n=6, hash="00" * 32)))


async def test_idle_beats_are_one_receipt_per_flush_and_none_when_there_were_none(database, ledger):
    for margin in (-5.0, -3.0, -4.0):
        ledger.idle_beat(margin)
    await ledger.flush()
    await ledger.flush()

    rows = await database.read(lambda c: c.execute("SELECT kind, body FROM receipts").fetchall())
    assert rows == [("idle", '{"beats":3,"margin_max":-3.0,"margin_mean":-4.0,"margin_min":-5.0}')]


async def test_old_segments_are_pruned_and_the_rest_still_verifies(database, ledger):
    await _fill(database, ledger, 13)
    ledger._clock = lambda: 4e9

    assert await ledger.prune() == 10
    found = await database.read(lambda c: verify(c, KEY))
    assert (found.receipts, found.head.n) == (3, 13)
    await _fill(database, ledger, 3)
    assert (await database.read(lambda c: verify(c, KEY))).head.n == 16


async def test_retained_frames_come_back_in_order_until_dropped(database):
    retained = Retained()
    for n in (1, 2, 3):
        item = RetainedFrame(receipt=n, frame=Frame(kind="text", source="s", text=f"t{n}"), answer=f"log t{n}")
        await database.write(lambda c, item=item: retained.keep(c, item))

    await database.write(lambda c: retained.drop(c, [1], by=9))

    alive = await database.read(retained.alive)
    assert [(item.receipt, item.frame.text, item.answer) for item in alive] == [(2, "t2", "log t2"), (3, "t3", "log t3")]


def test_the_signing_key_is_made_once_and_only_ours(folder):
    first = signing_key(folder / "keys")

    assert signing_key(folder / "keys") == first
    assert (folder / "keys" / "ledger.key").stat().st_mode & 0o077 == 0
