"""Settings: merged in order, checked, and every mistake named with key, place and what is allowed."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from kairos.config import Overrides, Settings, load
from kairos.errors import SettingsError

NOTHING = Overrides(environment={})


@pytest.fixture
def toml(folder):
    def write(text, name="kairos.toml"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_without_a_file_there_are_the_defaults():
    assert load(None, NOTHING).settings == Settings()


def test_later_layers_win(toml):
    path = toml("[heartbeat]\ninterval_s = 10\nframes_per_tick = 2\n[act]\nper_hour = 5")
    toml("[heartbeat]\ninterval_s = 20", "kairos.d/10.toml")
    toml("[heartbeat]\ninterval_s = 30", "kairos.d/20.toml")
    env = {"KAIROS_ACT__PER_HOUR": "7", "KAIROS_STATE_DIR": "/x", "KAIROS_MIND__MODEL": "/models/a b"}

    settings = load(path, Overrides(environment=env, assignments=["act.per_hour=9"])).settings

    assert (settings.heartbeat.interval_s, settings.heartbeat.frames_per_tick) == (30, 2)
    assert settings.act.per_hour == 9
    assert settings.mind.model == "/models/a b"


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        Settings().heartbeat.interval_s = 5  # type: ignore[misc]
    assert not dataclasses.is_dataclass(Settings)


@pytest.mark.parametrize(
    ("text", "key", "line", "allowed"),
    [
        ("[heartbeat]\nintervall_s = 3", "heartbeat.intervall_s", 2, "interval_s"),
        ("[hartbeat]\nx = 3", "hartbeat", 1, "heartbeat"),
        ("[heartbeat]\n\ninterval_s = 'soon'", "heartbeat.interval_s", 3, "float"),
        ("[heartbeat]\ninterval_s = 0", "heartbeat.interval_s", 2, "> 0"),
        ("[bus]\ntransport = 'carrier pigeon'", "bus.transport", 2, "enum"),
        ("[act.commands.x]\nargv = []", "act.commands.x.argv", 2, "length"),
        ("[[expect]]\nsource = 'a'", "expect", 1, "within_s"),
        ("[heartbeat]\nactive_hours = '7-23'", "heartbeat.active_hours", 2, "HH:MM"),
        ("[heartbeat]\ntimezone = 'Mars/Base'", "heartbeat.timezone", 2, "IANA"),
        ("[mind]\nmax_positions = 300", "mind.max_positions", 2, "at least"),
        ("[inbox]\nbusy_above = 5", "inbox.busy_above", 2, "fold_above"),
        ("[act]\nallow = ['command.lamp']", "act.allow", 2, "act.commands.lamp"),
        ("[act.commands.x]\nargv = ['a']\npattern = '('", "act.commands.x.pattern", 3, "regular expression"),
    ],
)
def test_a_mistake_names_key_file_line_and_what_is_allowed(toml, text, key, line, allowed):
    path = toml(text)

    with pytest.raises(SettingsError) as caught:
        load(path, NOTHING)

    message = str(caught.value)
    assert f"`{key}`" in message
    assert f"{path}:{line}" in message
    assert allowed in message


def test_a_mistake_in_a_variable_or_option_names_that():
    with pytest.raises(SettingsError, match="KAIROS_HEARTBEAT__INTERVAL_S"):
        load(None, Overrides(environment={"KAIROS_HEARTBEAT__INTERVAL_S": "often"}))
    with pytest.raises(SettingsError, match="--set"):
        load(None, Overrides(environment={}, assignments=["heartbeat.interval_s=no"]))
    with pytest.raises(SettingsError, match="needs a value"):
        load(None, Overrides(environment={}, assignments=["heartbeat.interval_s"]))


def test_what_is_no_toml_is_said_with_the_file(toml):
    with pytest.raises(SettingsError, match="is not TOML"):
        load(toml("a = = b"), NOTHING)


def test_a_file_that_is_not_there_is_said(folder):
    with pytest.raises(SettingsError, match="no file"):
        load(folder / "nowhere.toml", NOTHING)


def test_every_default_passes_its_own_check():
    assert msgspec.convert(msgspec.to_builtins(Settings()), Settings) == Settings()
