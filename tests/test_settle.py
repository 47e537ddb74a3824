"""Settling: a verdict, its receipt and its action become true together, and the end of an alarm is said once."""

from __future__ import annotations

import json

import pytest

from kairos.act import Actions, ActionState
from kairos.config import ActSettings, InboxSettings, LedgerSettings
from kairos.events import Event, Frame, Judgement, Priority, Rows, Verdict
from kairos.inbox import Inbox
from kairos.ledger import Ledger, Retained, RetainedFrame
from kairos.settle import Settler

pytestmark = pytest.mark.anyio


class Desk:
    def __init__(self, database, **settings):
        self.database, self.actions, self.decided = database, Actions(), []
        ledger = Ledger(database, LedgerSettings(), b"k" * 32)
        self.inbox = Inbox(database, InboxSettings(), receipt=ledger.append)
        self.settler = Settler(
            database, inbox=self.inbox, ledger=ledger, retained=Retained(), actions=self.actions, keep=RetainedFrame,
            hygiene=lambda: ActSettings(**settings), decided=lambda seqs, decision: self.decided.append(decision),
        )  # fmt: skip

    async def settle(self, id_, *, acts, rule="", **content):
        kind = "metric" if "metrics" in content else "text"
        event = Event(id=id_, source="probe", kind=kind, priority=Priority.BACKGROUND, at=1.0, **content)
        await self.inbox.accept([event])
        (group,) = await self.inbox.due(1)
        judgement = Judgement(
            verdict=Verdict.ACTION if acts else Verdict.NO_OP, margin=5.0 if acts else -5.0, threshold=1.0, positions=9, ms=1.0,
            probability=0.9, rule=rule, actuator="log" if acts else "", what="the rack is at 91; cool it." if acts else "",
        )  # fmt: skip
        await self.settler.settle(group, Frame(kind=kind, source="probe", text="x", series=group.series), judgement)
        await self.carry_out()

    async def carry_out(self):
        def job(connection):
            for action in self.actions.open(connection):
                self.actions.move(connection, action.n, ActionState.DONE, detail="", now=action.at)

        await self.database.write(job)

    async def said(self):
        rows = await self.database.read(lambda c: self.actions.list(c, limit=99))
        return [row.what for row in reversed(rows)]

    async def bodies(self):
        rows = await self.database.read(lambda c: c.execute("SELECT body FROM receipts ORDER BY n").fetchall())
        return [json.loads(body) for (body,) in rows]


async def test_a_receipt_says_what_the_verdict_came_from(database):
    desk = Desk(database)
    await desk.settle("a", acts=True, text="rack is hot")
    await desk.settle("b", acts=False, text="rack is hot")

    first, second = await desk.bodies()
    assert {"verdict": "ACTION", "margin": 5.0, "threshold": 1.0, "probability": 0.9, "series": None}.items() <= first.items()
    assert second["series"] == "2 like this in 1 min"


async def test_a_receipt_names_the_rule_that_decided(database):
    desk = Desk(database)
    await desk.settle("a", acts=False, rule="the rack may be hot", text="rack is hot")
    await desk.settle("b", acts=True, text="disk is full")

    first, second = await desk.bodies()
    assert first["rule"] == "the rack may be hot"
    assert "rule" not in second


async def test_metrics_that_are_fine_again_are_said_to_be_once(database):
    desk = Desk(database)
    for id_, temperature in (("a", 91.0), ("b", 31.0), ("c", 30.0)):
        await desk.settle(id_, acts=temperature > 90, metrics={"temp": temperature})

    assert await desk.said() == ["the rack is at 91; cool it.", "over: the rack is at 91 (after 1 min)."]


async def test_a_text_of_the_same_wording_is_no_recovery(database):
    desk = Desk(database)
    await desk.settle("a", acts=True, text="login of 12 refused")
    await desk.settle("b", acts=False, text="login of 13 refused")

    assert len(await desk.said()) == 1


async def test_recovery_can_be_switched_off(database):
    desk = Desk(database, recovery=False)
    await desk.settle("a", acts=True, metrics={"temp": 91.0})
    await desk.settle("b", acts=False, metrics={"temp": 31.0})

    assert len(await desk.said()) == 1


async def test_a_latent_event_is_marked_in_its_receipt_and_never_grouped_with_another(database):
    desk, rows = Desk(database), Rows(dtype="f32", shape=(3, 1), data=b"\0" * 12, model="m")
    events = [Event(id=id_, source="voice", kind="latent", priority=Priority.BACKGROUND, at=1.0, rows=rows) for id_ in ("a", "b")]
    await desk.inbox.accept(events)
    first, second = await desk.inbox.due(2)
    said = Judgement(verdict=Verdict.NO_OP, margin=-5.0, threshold=1.0, positions=9, ms=1.0, read="the door is open", distance=0.01)

    await desk.settler.settle(first, Frame(kind="latent", source="voice", rows=rows, text=said.read), said)

    assert (first.count, second.count) == (1, 1)
    body = (await desk.bodies())[-1]
    assert (body["lane"], body["rows"], body["read"], body["distance"]) == ("latent", 3, "the door is open", 0.01)


async def test_an_action_on_the_same_words_again_is_a_repeat_whatever_its_rows(database):
    desk, rows = Desk(database), Rows(dtype="f32", shape=(1, 1), data=b"\0" * 4, model="m")
    for id_ in ("a", "b"):
        await desk.inbox.accept([Event(id=id_, source="voice", kind="latent", priority=Priority.BACKGROUND, at=1.0, rows=rows)])
        (group,) = await desk.inbox.due(1)
        acts = Judgement(
            verdict=Verdict.ACTION, margin=5.0, threshold=1.0, positions=9, ms=1.0, actuator="log", what="look", read="the roof leaks"
        )
        await desk.settler.settle(group, Frame(kind="latent", source="voice", rows=rows, text=acts.read), acts)
        await desk.carry_out()

    assert [decision.retained for decision in desk.decided] == [True, False]
