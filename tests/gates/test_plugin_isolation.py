"""The gate's core: six bad plugins, installed as real ones, for a few beats."""

from __future__ import annotations

from kairos.checks import Trial
from kairos.gates.plugin_isolation import _KINDS, _install, _watch
from kairos.judging.living import fake_daemon


def test_six_bad_plugins_are_found_by_the_same_door_and_the_beats_go_on(folder):
    environment = {"PYTHONPATH": str(_install(folder / "bad"))}
    settings = ("heartbeat.interval_s=1", "plugins.hook_timeout_s=0.3", "plugins.disable=['logwatch', 'sysmon']")
    living = fake_daemon(folder, *settings, flags=("--discover",), environment=environment)
    living.start()
    try:
        figures, reasons = _watch(living, 6.0, Trial())
    finally:
        living.stop(timeout_s=10)

    assert figures["beats"] >= 5
    assert figures["kinds_contained"] == len(_KINDS)
    assert "bad at import" in reasons["bad-import"]
