"""The command line against a living daemon, and its words when there is none."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kairos.judging.living import fake_daemon


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    import shutil
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="k-cli-"))
    daemon = fake_daemon(folder)
    daemon.start()
    yield daemon
    daemon.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _kairos(living, *words, text=None):
    argv = [sys.executable, "-m", "kairos", "--state-dir", str(living.places.state), *words]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, timeout=50)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_send_says_what_became_of_it(living):
    assert _kairos(living, "send", "all", "well", "--id", "c1")[1].startswith("kept as event")
    assert "known before" in _kairos(living, "send", "all well", "--id", "c1")[1]
    assert _kairos(living, "send", "ACT now", "--wait")[1].startswith("ACTION  log: ACT now")
    assert _kairos(living, "send", "nothing", "--wait")[1].startswith("NO_OP")


def test_send_takes_metrics_and_lines(living):
    assert _kairos(living, "send", "--kind", "metric", "temp=91", "load=2")[0] == 0
    code, out, _ = _kairos(living, "send", "-", text="one\n\ntwo\n")
    assert (code, len(out.splitlines())) == (0, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("send", "--kind", "metric", "temp=hot"), "must be name=number"),
        (("send", "--kind", "smell", "x"), "known are text, metric"),
        (("send", "--priority", "urgent", "x"), "known are realtime"),
        (("send", " "), "empty"),
        (("gate", "no-such"), "there is no 'no-such'"),
        (("ear", "talk"), "there is no plugin 'ear' that answers"),
        (("ear", "try", "/nowhere.wav"), "/nowhere.wav is no sound file"),
        (("train", "no-such"), "there is no 'no-such' under kairos.trainers"),
        (("train", "projector", "--phrases", "/nowhere.txt"), "/nowhere.txt cannot be read"),
        (("replay", "--log", "/nowhere.log"), "cannot read the log"),
        (("--set", "heartbeat.interval_s=never", "run"), "heartbeat.interval_s"),
        (("actions", "approve", "9999"), ""),
        (("run",), "already runs"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_1(living, words, said):
    code, out, err = _kairos(living, *words)

    assert code == 1
    assert said in err
    assert "Traceback" not in err + out


def test_status_plugins_actions_and_doctor_answer(living):
    status = json.loads(_kairos(living, "status", "--json")[1])
    assert status["store"] == "ok"
    assert "beats" in _kairos(living, "status")[1]
    assert "written" in _kairos(living, "plugins")[1]
    assert _kairos(living, "actions", "list")[0] == 0
    code, out, _ = _kairos(living, "doctor")
    assert "receipts" in out
    assert code in (0, 1)  # 1 where the default model is not installed


def test_pause_and_resume(living):
    assert _kairos(living, "pause")[0] == 0
    assert "PAUSED" in _kairos(living, "status")[1]
    assert _kairos(living, "resume")[0] == 0


def test_without_a_daemon_it_says_how_to_start_one(folder):
    done = subprocess.run(
        [sys.executable, "-m", "kairos", "--state-dir", str(folder), "status"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "kairos run" in done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_lists():
    for words, said in ((["--version"], "kairos 0."), (["gate"], "wire-fuzz"), (["bench"], "ingest")):
        done = subprocess.run([sys.executable, "-m", "kairos", *words], capture_output=True, text=True, check=False)
        assert said in done.stdout


def test_the_service_unit_names_this_installation():
    done = subprocess.run([sys.executable, "-m", "kairos", "service", "install", "--dry-run"], capture_output=True, text=True, check=False)

    assert "Type=notify" in done.stdout
    assert "/usr/bin/kairos" not in done.stdout
    assert "ProtectSystem" not in done.stdout


def test_a_tampered_receipt_is_named_by_the_doctor(folder):
    import sqlite3

    daemon = fake_daemon(folder)
    daemon.start()
    with daemon.client() as client:
        for n in range(3):
            client.send(f"ACT {n}", source=f"s{n}", wait=True)
    daemon.stop()
    connection = sqlite3.connect(daemon.places.database)
    connection.execute("UPDATE receipts SET body='{}' WHERE n=2")
    connection.commit()
    connection.close()

    code, out, _ = _kairos(daemon, "doctor")

    assert code == 1
    assert "receipt 2 was changed" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "mind.model=/nowhere", "run"), "looked for /nowhere"),
        (("--config", "/nowhere.toml", "run"), "no file"),
        (("--set", "act.allow=['x']", "run"), "allows no actuator"),
    ],
)
def test_a_daemon_that_cannot_start_says_why_in_one_sentence(folder, words, said):
    done = subprocess.run(
        [sys.executable, "-m", "kairos", "--state-dir", str(folder / "s"), *words], capture_output=True, text=True, check=False, timeout=50
    )

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_directory_that_cannot_be_written_is_said_in_one_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "kairos", "--state-dir", "/proc/nowhere", "run"], capture_output=True, text=True, check=False, timeout=50
    )

    assert done.returncode == 1
    assert "cannot write /proc/nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_explain_says_why_and_feedback_and_digest_keep_count(living):
    _kairos(living, "send", "ACT on the fan", "--id", "why-1", "--wait", "--source", "rack")
    code, out, err = _kairos(living, "explain", "why-1")
    assert code == 0, err
    for said in (
        "from      rack",
        "says      ACT on the fan",
        "verdict   ACTION",
        "margin",
        "memory",
        "mind      default",
        "log: ACT on the fan",
    ):
        assert said in out, out

    assert "was wrong: receipt" in _kairos(living, "feedback", "why-1", "wrong", "--note", "it was cleaned")[1]
    assert "feedback  wrong: it was cleaned" in _kairos(living, "explain", "why-1")[1]
    receipt = json.loads(_kairos(living, "explain", "why-1", "--json")[1])["receipt"]["n"]
    assert "why-1" in _kairos(living, "explain", str(receipt))[1]

    summed = _kairos(living, "digest", "--since", "1h")[1]
    assert "ACT on the fan  [rack]" in summed
    assert "Left:\n  nothing" in summed
    assert json.loads(_kairos(living, "digest", "--json")[1])["events"]["rack"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "no-such"), "no event 'no-such'"),
        (("feedback", "no-such", "right"), "no event 'no-such'"),
        (("digest", "--since", "soon"), "must be a number and m, h or d"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(living, words, said):
    code, _, err = _kairos(living, *words)

    assert code != 0
    assert said in err
    assert "Traceback" not in err


def test_explain_without_a_daemon_that_ever_ran_says_so(tmp_path):
    argv = [sys.executable, "-m", "kairos", "--state-dir", str(tmp_path), "explain", "x"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=50)

    assert done.returncode == 1
    assert "has a daemon ever run here?" in done.stderr
