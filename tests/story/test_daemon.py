"""A whole daemon: real files, real sockets, a mind of twenty lines."""

from __future__ import annotations

import json
import sqlite3

import anyio
import msgspec
import pytest
import zmq

from kairos.boot import Daemon
from kairos.bus import StateLock
from kairos.client import AsyncClient, Client, subscribe
from kairos.config import Overrides, load
from kairos.database import open_read_only
from kairos.errors import AlreadyRunning, DaemonUnreachable, SettingsError, WireError
from kairos.ledger import verify
from kairos.ledger.chain import signing_key
from kairos.testing import FakeMind, living_daemon
from kairos.testing.harness import QUIET, scratch_places

pytestmark = pytest.mark.anyio


async def test_an_event_is_kept_judged_and_receipted(folder):
    async with living_daemon(folder) as life:
        ack = await life.client.send("all is well")
        verdict = await life.client.send("ACT now", wait=True)
        while (await life.client.ask("actions"))["actions"][0]["state"] != "done":
            await anyio.sleep(0.01)

    assert (ack.type, ack.duplicate) == ("ack", False)
    assert (verdict.verdict, verdict.actuator) == ("ACTION", "log")
    connection = open_read_only(life.places.database)
    kinds = [row[0] for row in connection.execute("SELECT kind FROM receipts ORDER BY n")]
    assert kinds.count("verdict") == 2
    assert {"intent", "outcome"} <= set(kinds)
    verify(connection, signing_key(life.places.keys))
    connection.close()


async def test_the_same_id_again_is_acknowledged_and_not_doubled(folder):
    async with living_daemon(folder) as life:
        first = await life.client.send("ACT", id="x1", wait=True)
        again = await life.client.send("ACT", id="x1", wait=True)
        ack = await life.client.send("ACT", id="x1")

    assert again.receipt == first.receipt
    assert (again.verdict, again.what) == (first.verdict, first.what)
    assert ack.duplicate


async def test_what_was_acknowledged_is_judged_after_a_restart(folder):
    async with living_daemon(folder, "heartbeat.active_hours='00:00-00:00'") as life:
        await life.client.send("ACT later", priority="background", source="s")
        assert life.mind.judged == [] or {f.kind for f in life.mind.judged} == {"idle"}
    async with living_daemon(folder) as life:
        assert [frame.text for frame in life.mind.judged] == ["ACT later"]


async def test_retained_actions_are_lived_again_after_a_restart(folder):
    async with living_daemon(folder) as life:
        await life.client.send("ACT one", wait=True)
        await life.client.send("nothing", wait=True)
    async with living_daemon(folder, mind=FakeMind()) as life:
        assert [(frame.text, answer) for frame, answer in life.mind.lived] == [("ACT one", "log ACT one")]
        assert life.mind.anchor == 110


async def test_metrics_and_rows_reach_the_frame(folder):
    async with living_daemon(folder) as life:
        await life.client.send(metrics={"temp": 91.25, "load": 2}, wait=True)
        await life.client.send(rows={"dtype": "f16", "shape": [2, 8], "data": b"\0" * 32, "model": "fake"}, wait=True, source="ear")

    metric, latent = [f for f in life.mind.judged if f.kind != "idle"]
    assert metric.text == "load=2 temp=91.25"
    assert latent.rows is not None
    assert latent.rows.shape == (2, 8)


async def test_a_req_that_waits_gets_one_reply_the_verdict_and_a_dealer_gets_two(folder):
    async with living_daemon(folder) as life:
        message = {"v": 1, "id": "a", "text": "ACT", "wait": True, "priority": "interactive"}

        def talk():
            context = zmq.Context()
            req, dealer = context.socket(zmq.REQ), context.socket(zmq.DEALER)
            for socket in (req, dealer):
                socket.linger = 0
                socket.connect(life.daemon.endpoints.events)
            req.send_json(message)
            replies = [req.recv_json()]
            dealer.send(msgspec.msgpack.encode({**message, "id": "b"}))
            replies += [msgspec.msgpack.decode(dealer.recv()) for _ in range(2)]
            context.destroy()
            return replies

        replies = await anyio.to_thread.run_sync(talk)

    assert [reply["type"] for reply in replies] == ["verdict", "ack", "verdict"]
    assert [reply["id"] for reply in replies] == ["a", "b", "b"]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([b"{"], "malformed"),
        ([b'{"v":9}'], "version"),
        ([b'{"v":1,"id":"a"}'], "type"),
        ([b'{"v":1,"op":"dance"}'], "op"),
        ([b'{"v":1,"op":5}'], "type"),
        ([b"{}", b"{}", b"{}", b"{}"], "parts"),
    ],
)
async def test_bad_messages_are_answered_by_name_counted_and_harmless(folder, parts, code):
    async with living_daemon(folder) as life:

        def talk():
            with Client(life.places) as client:
                client._socket.send_multipart(parts)
                return client.next_answer(__import__("time").monotonic() + 5)

        answer = await anyio.to_thread.run_sync(talk)
        status = await life.client.ask("status")

    assert (answer["type"], answer["code"]) == ("error", code)
    assert status["refused"] == {code: 1}
    assert status["gauges"]["events_accepted"] == 0


async def test_the_feed_tells_ticks_and_actions_in_order(folder):
    from kairos_plugins.telemetry.plugin import Telemetry

    async with living_daemon(folder, plugins={"telemetry": Telemetry()}) as life:
        seen = []

        def listen():
            for message in subscribe(life.places, topics=("tick", "action", "outcome"), timeout_s=3):
                seen.append(message)
                if len(seen) >= 3:
                    return

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, listen)
            while not seen:
                await life.client.send(f"ACT {len(seen)}", source=f"s{len(seen)}", wait=True)
                await anyio.sleep(0.05)
            await life.client.send("ACT again", wait=True)

    assert {message.topic for message in seen} >= {"tick"}
    assert all(message.missed == 0 for message in seen)
    json.dumps([message.body for message in seen], allow_nan=False)


async def test_a_person_can_look_pause_and_answer(folder):
    async with living_daemon(folder, "act.approve=['log']") as life:
        await life.client.ask("pause")
        assert (await life.client.ask("status"))["paused"]
        await life.client.ask("resume")
        await life.client.send("ACT", wait=True)
        rows = []
        while not rows:
            rows = (await life.client.ask("actions", state="awaiting"))["actions"]
        assert (await life.client.ask("approve", action=rows[0]["n"]))["done"]
        while (await life.client.ask("actions"))["actions"][0]["state"] != "done":
            await anyio.sleep(0.01)
        with pytest.raises(WireError, match="must be the number"):
            await life.client.ask("approve", action="all")


async def test_a_second_daemon_learns_the_pid_of_the_first(folder):
    async with living_daemon(folder) as life:
        with pytest.raises(AlreadyRunning, match=r"process \d+ already runs"):
            StateLock(life.places.lock).__enter__()


async def test_the_socket_of_a_dead_daemon_is_taken_over(folder):
    places = scratch_places(folder)
    places.runtime.mkdir()
    (places.runtime / "events.sock").touch()

    async with living_daemon(folder) as life:
        assert (await life.client.send("x")).type == "ack"


async def test_the_socket_is_ours_alone(folder):
    async with living_daemon(folder) as life:
        mode = (life.places.runtime / "events.sock").stat().st_mode

    assert mode & 0o077 == 0


async def test_tcp_is_loopback_with_keys_and_refuses_a_stranger(folder):
    async with living_daemon(folder, "bus.transport=tcp", "bus.event_port=0", "bus.feed_port=0") as life:
        assert life.daemon.endpoints.events.startswith("tcp://127.0.0.1:")
        assert (await life.client.send("x")).type == "ack"

        def stranger():
            context = zmq.Context()
            socket = context.socket(zmq.DEALER)
            socket.linger = 0
            socket.connect(life.daemon.endpoints.events)
            socket.send_json({"v": 1, "id": "s", "text": "let me in"})
            heard = socket.poll(300)
            context.destroy()
            return heard

        assert await anyio.to_thread.run_sync(stranger) == 0


async def test_beyond_this_machine_without_client_keys_is_refused(folder):
    with pytest.raises(ExceptionGroup) as caught:
        async with living_daemon(folder, "bus.transport=tcp", "bus.host='0.0.0.0'", "bus.event_port=0", "bus.feed_port=0"):
            pass

    assert caught.group_contains(SettingsError, match="no client key")


async def test_a_full_disk_refuses_acks_with_the_reason_and_recovers_by_itself(folder):
    async with living_daemon(folder) as life:
        await life.daemon.database.write(lambda c: c.execute("PRAGMA max_page_count=1"))
        with pytest.raises(WireError, match="was not kept"):
            await life.client.send("x" * 16000)
        assert (await life.client.ask("status"))["store"] == "unavailable"
        await life.daemon.database.write(lambda c: c.execute("PRAGMA max_page_count=1000000"))
        assert (await life.client.send("y")).type == "ack"
        assert (await life.client.ask("status"))["store"] == "ok"


async def test_wrong_settings_on_reload_keep_the_old_ones(folder):
    config = folder / "k.toml"
    config.write_text("[act]\nper_hour = 5\n")
    async with living_daemon(folder) as life:
        life.daemon.config, life.daemon.overrides = config, None
        await life.client.ask("reload")
        assert life.daemon.hands.settings.per_hour == 5
        config.write_text("[act]\nper_hour = 'many'\n")
        await life.client.ask("reload")
        assert life.daemon.hands.settings.per_hour == 5


async def test_rules_are_read_again_on_reload_and_wrong_ones_leave_the_old_ones_in_force(folder):
    async with living_daemon(folder) as life:
        policy = life.places.policy
        policy.write_text("- the backup of nas may fail\n")
        await life.client.ask("reload")
        assert life.mind.rules == ("the backup of nas may fail",)
        policy.write_text(f"- {'x' * 300}\n")
        await life.client.ask("reload")
        assert life.mind.rules == ("the backup of nas may fail",)
    rows = sqlite3.connect(life.places.database).execute("SELECT body FROM receipts WHERE kind = 'awake' ORDER BY n").fetchall()
    assert [json.loads(body)["rules"] for (body,) in rows] == [[], ["the backup of nas may fail"]]


async def test_an_expected_source_that_is_silent_becomes_an_event(folder):
    async with living_daemon(folder, "expect=[{source='pulse', within_s=0.01}]") as life:
        with anyio.fail_after(15):
            while not any(f.source == "kairos.expect" for f in life.mind.judged):
                await anyio.sleep(0.1)


async def test_after_the_end_clients_learn_that_nobody_is_there(folder):
    async with living_daemon(folder) as life:
        pass

    with pytest.raises(DaemonUnreachable):
        Client(life.places)
    assert sqlite3.connect(life.places.database).execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_events_are_durable_while_the_mind_is_still_waking(folder):
    awake = anyio.Event()

    async def open_mind(stack, settings, where, actuators):
        await awake.wait()
        return FakeMind()

    where = scratch_places(folder)
    daemon = Daemon(load(None, Overrides(assignments=QUIET, environment={})), where, open_mind=open_mind, signals=False, plugins={})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(daemon.serve)
        while where.read_endpoints() is None:
            await anyio.sleep(0.01)
        async with AsyncClient(where) as client:
            assert (await client.send("early")).type == "ack"
            assert (await client.ask("status"))["mind"] == "waking"
            with pytest.raises(WireError, match="not awake yet"):
                await client.ask("tick")
            awake.set()
            assert (await client.send("late", wait=True)).verdict == "NO_OP"
        daemon.stop()


async def test_a_daemon_told_to_stop_while_waking_stops(folder):
    async def open_mind(stack, settings, where, actuators):
        await anyio.sleep_forever()

    loaded = load(None, Overrides(assignments=QUIET, environment={}))
    daemon = Daemon(loaded, scratch_places(folder), open_mind=open_mind, signals=False, plugins={})
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(daemon.serve)
            await anyio.sleep(0.1)
            daemon.stop()

    assert scratch_places(folder).read_endpoints() is None


async def test_settings_that_allow_no_actuator_are_refused_by_name(folder):
    with pytest.raises(ExceptionGroup) as caught:
        async with living_daemon(folder, "act.allow=['nothing']"):
            pass

    assert caught.group_contains(SettingsError, match=r"act\.allow")


async def test_ring_1_is_saved_when_the_daemon_stops(folder):
    async with living_daemon(folder) as life:
        pass

    assert life.mind.saved == 1
