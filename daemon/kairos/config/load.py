"""Merge file, drop-ins, environment and command line into `Settings`, once, and name what is wrong.

tomllib gives no line numbers, so a small scan of the text finds the line of a key for the message;
the values themselves only ever come from tomllib.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kairos.config.hours import HOURS
from kairos.config.schema import ActSettings, Settings
from kairos.errors import SettingsError

_HEADER: Final = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY: Final = re.compile(r"^\s*(\"[^\"]+\"|'[^']+'|[\w.-]+)\s*=")
_PATH: Final = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN: Final = re.compile(r"unknown field `([^`]+)`")
_POLICY_ROOM: Final = 160
_ENV_PREFIX: Final = "KAIROS_"
_ENV_RESERVED: Final = {"KAIROS_CONFIG", "KAIROS_STATE_DIR", "KAIROS_FAILPOINT"}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What stands above the files: `--set key=value` strings and the environment."""

    assignments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The settings, and where each key that was given came from (`file:line`, a variable, `--set`)."""

    settings: Settings
    origins: Mapping[str, str]

    def convert(self, table: str, raw: Mapping[str, Any], into: type[T]) -> T:
        """Check a plugin's own table against its own struct, with the same messages."""
        return _convert(dict(raw), into, self.origins, prefix=table)


def load(config: Path | None, overrides: Overrides | None = None) -> Loaded:
    """Read everything and check it; raises `SettingsError` naming key, place and what is allowed."""
    above = overrides or Overrides()
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for path in _files(config):
        _merge(merged, _read(path), origins, _lines(path), at=())
    for name, text in sorted(above.environment.items()):
        if name.startswith(_ENV_PREFIX) and name not in _ENV_RESERVED and "__" in name:
            key = name.removeprefix(_ENV_PREFIX).lower().replace("__", ".")
            _assign(merged, origins, key, text, name)
    for assignment in above.assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError(key, "needs a value", where="--set", allowed="--set group.key=value")
        _assign(merged, origins, key.strip(), text.strip(), "--set")
    settings = _convert(merged, Settings, origins)
    _check(settings, origins)
    return Loaded(settings=settings, origins=origins)


def _files(config: Path | None) -> list[Path]:
    if config is None:
        return []
    if not config.is_file():
        raise SettingsError("--config", f"names {config}, which is no file", allowed="a TOML file")
    return [config, *sorted((config.parent / "kairos.d").glob("*.toml"))]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("file", f"is not TOML: {error}", where=str(path)) from error
    except OSError as error:
        raise SettingsError("file", f"cannot be read: {error.strerror}", where=str(path)) from error


def _lines(path: Path) -> dict[str, str]:
    """Dotted key -> `file:line` for every key and table header of a TOML file."""
    found: dict[str, str] = {}
    table = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if header := _HEADER.match(line):
            table = header[1].replace('"', "").replace(" ", "")
            found.setdefault(table, f"{path}:{number}")
        elif key := _KEY.match(line):
            name = key[1].strip("\"'")
            found[f"{table}.{name}" if table else name] = f"{path}:{number}"
    return found


def _merge(into: dict[str, Any], new: Mapping[str, Any], origins: dict[str, str], lines: Mapping[str, str], *, at: tuple[str, ...]) -> None:
    for key, value in new.items():
        dotted = ".".join((*at, key))
        if dotted in lines:
            origins[dotted] = lines[dotted]
        if isinstance(value, dict) and isinstance(into.get(key, {}), dict):
            _merge(into.setdefault(key, {}), value, origins, lines, at=(*at, key))  # pyright: ignore[reportUnknownArgumentType]
        else:
            into[key] = value


def _assign(into: dict[str, Any], origins: dict[str, str], key: str, text: str, where: str) -> None:
    *groups, last = key.split(".")
    table = into
    for group in groups:
        table = table.setdefault(group, {})
        if not isinstance(table, dict):
            raise SettingsError(key, "is inside something that is not a table", where=where)
    try:
        table[last] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        table[last] = text
    origins[key] = where


def _convert(raw: dict[str, Any], into: type[T], origins: Mapping[str, str], *, prefix: str = "") -> T:
    try:
        return msgspec.convert(raw, into)
    except msgspec.ValidationError as error:
        message = str(error)
        match = _PATH.search(message)
        path = re.sub(r"\[\d+\]", "", match[1]) if match else ""
        problem = _PATH.sub("", message)
        key = _named(".".join(part for part in (prefix, path) if part), origins)
        path = path.replace("[...]", ".NAME")
        if unknown := _UNKNOWN.search(problem):
            table = key
            key = f"{table}.{unknown[1]}" if table else unknown[1]
            raise SettingsError(key, "is unknown", where=_origin(key, origins), allowed=_known(into, path)) from error
        expected = problem.removeprefix("Expected ")
        raise SettingsError(key, "has a wrong value", where=_origin(key, origins), allowed=expected) from error


def _named(key: str, origins: Mapping[str, str]) -> str:
    """`act.commands[...].argv` as the key that was given: the library does not say which entry it was."""
    pattern = re.escape(key).replace(re.escape("[...]"), r"\.[^.]+")
    return next((given for given in origins if re.fullmatch(pattern, given)), key.replace("[...]", ""))


def _origin(key: str, origins: Mapping[str, str]) -> str:
    while key and key not in origins:
        key = key.rpartition(".")[0]
    return origins.get(key, "")


def _known(into: Any, path: str) -> str:
    """The keys of the group at `path`, for the message about an unknown one."""
    for part in filter(None, path.split(".")):
        fields = {f.name: f.type for f in msgspec.structs.fields(into)}
        inner = fields.get(part)
        inner_args = getattr(inner, "__args__", ())
        into = inner if inner is not None and hasattr(inner, "__struct_fields__") else (inner_args[-1] if inner_args else None)
        if into is None or not hasattr(into, "__struct_fields__"):
            return ""
    return ", ".join(into.__struct_fields__)


def _check(settings: Settings, origins: Mapping[str, str]) -> None:
    """What types alone cannot say: values that contradict each other or the machine."""

    def refuse(key: str, problem: str, allowed: str) -> SettingsError:
        return SettingsError(key, problem, where=_origin(key, origins), allowed=allowed)

    beat, inbox = settings.heartbeat, settings.inbox
    if beat.active_hours and not HOURS.match(beat.active_hours):
        raise refuse("heartbeat.active_hours", f"is {beat.active_hours!r}", "HH:MM-HH:MM")
    if beat.timezone:
        try:
            ZoneInfo(beat.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise refuse("heartbeat.timezone", f"is {beat.timezone!r}", "an IANA zone such as Europe/Vienna") from error
    mind = settings.mind
    if mind.max_positions < (least := _POLICY_ROOM + 2 * (mind.frame_tokens + mind.answer_tokens)):
        raise refuse("mind.max_positions", f"is {mind.max_positions}", f"at least {least}: a policy, a frame and an answer")
    if inbox.busy_above <= inbox.fold_above:
        raise refuse("inbox.busy_above", f"is {inbox.busy_above}", f"more than inbox.fold_above ({inbox.fold_above})")
    _check_act(settings.act, refuse)


def _check_act(act: ActSettings, refuse: Callable[[str, str, str], SettingsError]) -> None:
    for number, silence in enumerate(act.silence):
        if silence.hours and not HOURS.match(silence.hours):
            raise refuse(f"act.silence[{number}].hours", f"is {silence.hours!r}", "HH:MM-HH:MM")
    if act.alive_by and act.alive_by not in act.allow:
        raise refuse("act.alive_by", f"is {act.alive_by!r}", f"one of act.allow ({', '.join(act.allow)})")
    for key in ("allow", "approve"):
        for name in getattr(act, key):
            group, _, template = str(name).partition(".")
            known = {"command": act.commands, "webhook": act.webhooks}.get(group)
            if known is not None and template not in known:
                raise refuse(f"act.{key}", f"names {name}, which is not defined", f"define [act.{group}s.{template or 'NAME'}] first")
    for name, command in act.commands.items():
        try:
            re.compile(command.pattern)
        except re.error as error:
            raise refuse(f"act.commands.{name}.pattern", f"is no regular expression: {error}", "a Python regular expression") from error
