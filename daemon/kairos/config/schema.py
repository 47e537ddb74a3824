"""Every setting there is: its type, its bounds, its unit and why its default is what it is.

`docs/settings.md` and `etc/kairos.toml` are held equal to this file by tests.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class HeartbeatSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the daemon thinks."""

    interval_s: Seconds = 30.0
    """Seconds between beats when nothing interrupts. 30 notices a slow disaster in time; `kairos bench idle` says what it costs."""
    frames_per_tick: Count = 4
    """Frames judged in one beat, at most. The inbox is read again between frames, so four bound how long an interrupt waits."""
    catch_up_s: Annotated[float, Meta(ge=0)] = 0.2
    """Pause in seconds between beats while a backlog waits. Leaves most of a second core to others."""
    active_hours: str = ""
    """Local hours in which background events are judged, e.g. `07:00-23:00`; empty is always. REALTIME and INTERACTIVE are never held back."""
    timezone: str = ""
    """IANA zone of `active_hours` and reminders, e.g. `Europe/Vienna`; empty is the machine's own."""


class BusSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How events come in and ticks go out."""

    transport: Literal["auto", "ipc", "tcp"] = "auto"
    """`ipc` is a socket file only you can open; `tcp` is loopback with CURVE keys; `auto` is ipc where there is one."""
    access: Literal["user", "group"] = "user"
    """Who may open the socket file: `user` is mode 0600, `group` is 0660 for a system service."""
    host: str = "127.0.0.1"
    """Address of the TCP transport. Anything but loopback demands client keys in `<state>/keys/clients`."""
    event_port: Port = 7365
    """TCP port of the event socket; 0 takes a free one."""
    feed_port: Port = 7366
    """TCP port of the feed; 0 takes a free one."""
    urgent: tuple[str, ...] = ("*",)
    """Sources that may use the priorities REALTIME and INTERACTIVE; `*` and `?` are allowed. Others are refused those."""
    max_bytes: Annotated[int, Meta(ge=1024, le=64 << 20)] = 1 << 20
    """Bytes of one message, at most. 1 MiB holds 455 float32 rows of the default mind."""
    max_text: Annotated[int, Meta(ge=64)] = 16384
    """Characters of one text event. Longer ones are refused; the log follower cuts lines itself."""
    max_rows: Count = 256
    """Latent rows of one event."""
    max_metrics: Count = 256
    """Values of one metric event."""
    max_future_s: Seconds = 600.0
    """Seconds an event may lie in the future. More is a broken clock, not an event."""
    feed_queue: Count = 10000
    """Messages kept for a slow subscriber before it loses some; numbered, so it sees the gap."""


class InboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What waits, and what happens when too much does."""

    fold_above: Count = 100_000
    """Waiting events above which BULK ones are folded into counted groups."""
    busy_above: Count = 250_000
    """Waiting events above which BULK and BACKGROUND senders get `busy`. INTERACTIVE has a quarter more."""
    look_ahead: Count = 512
    """Waiting events read at once when groups are formed; bounds the work between two frames."""
    series_window_s: Seconds = 3600.0
    """Seconds of silence after which a series counts from one again."""
    keep_days: Count = 30
    """Days a decided event's text is kept for `status` and `replay`; its receipt stays longer."""


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Receipts."""

    segment_receipts: Count = 1000
    """Receipts in one signed segment."""
    keep_days: Count = 365
    """Days a closed segment is kept; its head stays for ever, so the chain still verifies."""
    flush_s: Seconds = 300.0
    """Seconds between summary receipts of idle beats. A quiet hour is twelve rows."""


class MindSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The resident model."""

    model: str = "default"
    """`default` (the wheel's SmolLM2-135M), a directory, a .gguf file, or a hub name."""
    adapter: str = "default"
    """`default` is the one shipped for the default model, `none`, or a .safetensors file."""
    device: str = "auto"
    """`auto` (a CUDA device if torch sees one, else the processor), `cpu`, `cuda`, `cuda:1`."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Weights and cache. `auto` is bfloat16 where the device multiplies it natively (a GPU, AMX, AVX512-BF16), else float32."""
    threads: Annotated[int, Meta(ge=0, le=512)] = 0
    """Threads of the model; 0 is the number of cores, at most 4."""
    max_positions: Annotated[int, Meta(ge=256)] = 6144
    """Positions of Ring 1: policy and retained actions. Full, the older half of the actions goes. 6144 holds 64 of the default mind."""
    snapshot_min: Annotated[float, Meta(gt=0)] = 30.0
    """Minutes between snapshots of Ring 1 to disk, written only if it moved, and once more on stop. A restart from one is warm."""
    frame_tokens: Annotated[int, Meta(ge=16)] = 128
    """Tokens of one event's text; a longer one keeps its head and tail."""
    answer_tokens: Annotated[int, Meta(ge=8, le=512)] = 48
    """Tokens an ACTION's sentence may have."""
    sensitivity: Annotated[float, Meta(ge=0)] = 0.33
    """How many false alarms one missed event is worth. 0.33: a false alarm is as bad as three misses. 10: tell me rather ten times too often. 0: never act."""
    latent_distance: Annotated[float, Meta(ge=0, le=2)] = 0.5
    """How far (1 - cosine) a latent row may lie from every word of the model; rows beyond are refused, with a receipt. 2 allows any."""
    memo_frames: Annotated[int, Meta(ge=0)] = 4096
    """Frames whose margin at the present anchor is remembered, so that the same quiet beat costs no forward pass; 0 is off."""
    memo_real_s: Seconds = 300.0
    """Seconds after which even a known frame is worked out anew. Keep it under a third of the unit's WatchdogSec."""
    stall_s: Seconds = 120.0
    """Seconds of one judgement after which the daemon stops feeding the watchdog."""


class CommandTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One named command an ACTION may run: no shell, arguments by pattern."""

    argv: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Program and arguments; `{what}`, `{source}` and `{event}` are filled in whole arguments."""
    pattern: str = r"[\w .,:;/@%+()'=-]{0,200}"
    """What a filled-in argument must match in full, or the command is refused."""
    timeout_s: Seconds = 30.0
    """Seconds before it is ended."""
    idempotent: bool = False
    """Whether doing it twice is the same as once; only then is it repeated after a crash."""


class WebhookTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One named URL an ACTION may post to."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$")]
    """Where to POST; the body is JSON with `actuator`, `what`, `source`, `event`, `key`."""
    timeout_s: Seconds = 10.0
    """Seconds to wait for an answer."""
    idempotent: bool = False
    """Whether the receiver honours the `Idempotency-Key` header."""


class Silence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something not to be told of for a while; the verdict and its receipt stay."""

    source: str = "*"
    """Which sources; `*` and `?` are allowed."""
    says: str = "*"
    """Which sentences, e.g. `*backup*`; case does not matter."""
    hours: str = ""
    """Local hours in which it holds, e.g. `22:00-07:00`; empty is always."""
    until: Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d([T ]\d\d:\d\d)?)?$")] = ""
    """Local time at which it ends, e.g. `2026-12-24 08:00`; empty is never."""
    why: str = ""
    """Your note; stands in the receipt."""


class Inhibition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cause that mutes its consequences: while the router is down, ten silent hosts are no news."""

    cause: str
    """Source of the cause; `*` and `?` are allowed. It must have been told of."""
    says: str = "*"
    """What was said of the cause, e.g. `*down*`; case does not matter."""
    mutes: str
    """Sources that are muted meanwhile; never the cause itself."""
    within_s: Seconds = 900.0
    """Seconds after the cause was told of in which its consequences are muted."""


class ActSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an ACTION may do."""

    allow: tuple[str, ...] = ("log", "notify", "publish")
    """Actuators the mind may use. `command.NAME` and `webhook.NAME` must be named one by one."""
    approve: tuple[str, ...] = ()
    """Actuators that wait for `kairos actions approve`."""
    dry_run: bool = False
    """Decide and receipt everything, carry out nothing."""
    per_hour: Count = 60
    """Actions carried out in any hour, at most, so that a mad mind cannot flood a person."""
    cool_down_s: Annotated[float, Meta(ge=0)] = 900.0
    """Seconds in which the same group is not carried out again by the same actuator: the repeat interval."""
    silence: tuple[Silence, ...] = ()
    """What not to be told of: `[[act.silence]]`."""
    inhibit: tuple[Inhibition, ...] = ()
    """Causes that mute their consequences: `[[act.inhibit]]`."""
    recovery: bool = True
    """Whether the end of what a metric raised is told too, by the same actuator, once."""
    alive_by: str = ""
    """Actuator of the sign of life, for somebody who notices when it stops, e.g. `webhook.pager`; empty is none."""
    alive_s: Seconds = 3600.0
    """Seconds between signs of life."""
    stale_after_s: Seconds = 3600.0
    """Seconds after which an action that could not run yet is dropped as stale."""
    timeout_s: Seconds = 30.0
    """Seconds an actuator may take."""
    commands: dict[Name, CommandTemplate] = {}
    """Named commands: `[act.commands.NAME]`."""
    webhooks: dict[Name, WebhookTemplate] = {}
    """Named URLs: `[act.webhooks.NAME]`."""


class PluginsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which plugins run, and how much rope they get."""

    disable: tuple[str, ...] = ()
    """Plugins that are not loaded."""
    only: tuple[str, ...] = ()
    """If given, the only plugins that are loaded; for finding the one that misbehaves."""
    hook_timeout_s: Seconds = 5.0
    """Seconds one hook call may take before it is abandoned and counted as a strike."""
    strikes: Count = 3
    """Failures in a row after which a plugin is parked."""
    park_s: Seconds = 300.0
    """Seconds a parked plugin rests before it is tried again; doubled each time."""
    events_per_s: Count = 200
    """Events one plugin may emit a second; a faster one waits."""
    hung_threads: Count = 4
    """Threads one plugin may leave hanging before it is parked for good."""


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is written for people and machines to read."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Quiet ticks are at debug, every ACTION and change of state at info."""
    format: Literal["auto", "console", "json"] = "auto"
    """`auto` is console on a terminal and JSON lines otherwise."""
    file: bool = True
    """Whether to keep `<state>/log/kairos.log` too when there is no journal."""
    file_bytes: Annotated[int, Meta(ge=65536)] = 5_000_000
    """Bytes after which the file is rotated."""
    file_count: Count = 5
    """Rotated files kept."""


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source that must speak."""

    source: str
    """The source as its events name it."""
    within_s: Seconds
    """Seconds of silence after which an event says so; again after each further one."""


class Reminder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event of your own at a set time."""

    cron: str
    """Five fields as in crontab, in `heartbeat.timezone`."""
    text: str
    """What the event says."""
    source: str = "reminder"
    """What the event's source is."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    heartbeat: HeartbeatSettings = HeartbeatSettings()
    bus: BusSettings = BusSettings()
    inbox: InboxSettings = InboxSettings()
    ledger: LedgerSettings = LedgerSettings()
    mind: MindSettings = MindSettings()
    act: ActSettings = ActSettings()
    plugins: PluginsSettings = PluginsSettings()
    log: LogSettings = LogSettings()
    expect: tuple[Expectation, ...] = ()
    remind: tuple[Reminder, ...] = ()
    plugin: dict[str, dict[str, Any]] = {}
