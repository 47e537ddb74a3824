"""Drivers against the machine they run on, and against what is not there."""

from __future__ import annotations

import math
import os
import socket

import pytest

from kairos.errors import ActuatorFailed
from kairos_drivers.desktop_notify import NotifySend
from kairos_drivers.psutil_host import PsutilHost
from kairos_drivers.systemd_journal import Journalctl, _entry
from kairos_drivers.systemd_notify import SystemdNotify


def test_the_machines_numbers_are_finite_and_named():
    metrics = PsutilHost().read()

    assert {"cpu_percent", "memory_percent", "processes"} <= metrics.keys()
    assert all(math.isfinite(value) for value in metrics.values())


def test_a_notice_to_systemd_is_one_datagram(folder):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(str(folder / "n"))
    notify = SystemdNotify({"NOTIFY_SOCKET": str(folder / "n"), "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())})

    notify.notify("READY=1", "STATUS=beating")

    assert server.recv(100) == b"READY=1\nSTATUS=beating"
    assert notify.watchdog_s == 30.0
    server.close()


def test_without_systemd_nobody_is_told_and_nobody_watches():
    notify = SystemdNotify({})

    notify.notify("READY=1")

    assert notify.watchdog_s is None


def test_a_watchdog_meant_for_another_process_is_not_ours():
    assert SystemdNotify({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).watchdog_s is None


@pytest.mark.anyio
async def test_without_a_desktop_the_driver_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(ActuatorFailed, match="libnotify"):
        await NotifySend().notify("t", "b", "k")


def test_without_a_journal_the_driver_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")

    assert not Journalctl().available()


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ('{"__CURSOR":"c","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"hi"}', ("c", "sshd", "hi")),
        ('{"__CURSOR":"c","_SYSTEMD_UNIT":"x.service","MESSAGE":[104,255]}', ("c", "x.service", "h\\xff")),
        ('{"__CURSOR":"c","SYSLOG_IDENTIFIER":"kairosd","MESSAGE":"our own"}', None),
        ('{"__CURSOR":"c","MESSAGE":null}', None),
        ("not json", None),
    ],
)
def test_journal_entries_become_lines(line, entry):
    assert _entry(line) == entry
