"""`kairos service install | uninstall`: be there after the next boot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from kairos.errors import KairosError

app = typer.Typer(help="Run as a service: systemd here, a scheduled task on Windows.", no_args_is_help=True)
_UNIT: Final = "kairosd.service"
_SYSTEM_ONLY: Final = (
    "After=", "AmbientCapabilities=", "CapabilityBoundingSet=", "ConfigurationDirectory=", "Device", "DynamicUser=",
    "Environment=KAIROS_BUS", "Group=", "IPAddress", "KeyringMode=", "OOMPolicy=", "Private", "Protect", "RemoveIPC=",
    "RestrictNamespaces=", "RuntimeDirectory", "StateDirectory", "SupplementaryGroups=", "User=",
)  # fmt: skip
"""What only root's manager grants; a user's service lives in the user's own state directory."""
_HERE: Final = Path(__file__).resolve()


def _shipped(folder: str, name: str) -> str:
    """A file of `systemd/` or `etc/`, from the installation or from the checkout."""
    for base in (Path(sys.prefix) / "share" / "kairos", _HERE.parents[3]):
        path = base / folder / name
        if path.is_file():
            return path.read_text("utf-8")
    raise KairosError(f"{folder}/{name} is not part of this installation; install kairosd from a wheel or a checkout")


def unit_text(*, user: bool) -> str:
    """The unit for this installation; a user's service drops what only root may ask for."""
    program = Path(sys.executable).parent / "kairos"
    lines: list[str] = []
    for line in _shipped("systemd", _UNIT).splitlines():
        if user and line.startswith(_SYSTEM_ONLY):
            continue
        if user and line.startswith("WantedBy="):
            lines.append("WantedBy=default.target")
        else:
            lines.append(line.replace("/usr/bin/kairos", str(program)))
    return "\n".join(lines) + "\n"


@app.command()
def install(
    user: Annotated[bool, typer.Option("--user/--system", help="For you alone, or for the machine (needs root).")] = True,  # noqa: FBT002
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be written.")] = False,  # noqa: FBT002
) -> None:
    """Write the unit (or the task), enable it and start it."""
    if sys.platform == "win32":
        _install_task(dry_run=dry_run)
        return
    text = unit_text(user=user)
    if dry_run:
        typer.echo(text, nl=False)
        return
    path = _unit_path(user=user)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    typer.echo(f"wrote {path}")
    for words in (["daemon-reload"], ["enable", "--now", _UNIT]):
        _systemctl(words, user=user)
    typer.echo("running; `kairos status` shows it, `kairos logs -f` follows it")


@app.command()
def uninstall(
    user: Annotated[bool, typer.Option("--user/--system", help="Yours, or the machine's.")] = True,  # noqa: FBT002
) -> None:
    """Stop it and take it away; the state directory stays."""
    if sys.platform == "win32":
        subprocess.run(["schtasks", "/Delete", "/TN", "KAIROS", "/F"], check=True)
        return
    _systemctl(["disable", "--now", _UNIT], user=user)
    _unit_path(user=user).unlink(missing_ok=True)
    _systemctl(["daemon-reload"], user=user)


def _unit_path(*, user: bool) -> Path:
    if not user and os.geteuid() != 0:
        raise KairosError("a system service needs root; use `sudo`, or leave out --system")
    home = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config"))
    return (home / "systemd" / "user" if user else Path("/etc/systemd/system")) / _UNIT


def _systemctl(words: list[str], *, user: bool) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise KairosError("systemctl is not here; start `kairos run` by whatever starts services on this machine")
    done = subprocess.run([program, *(["--user"] if user else []), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise KairosError(f"systemctl {' '.join(words)} failed: {done.stderr.strip() or done.stdout.strip()}")


def _install_task(*, dry_run: bool) -> None:
    text = _shipped("etc", "windows/kairosd.xml").replace("kairos.exe", str(Path(sys.executable).parent / "kairos.exe"))
    if dry_run:
        typer.echo(text, nl=False)
        return
    path = Path.home() / "kairosd.xml"
    path.write_text(text, "utf-16")
    subprocess.run(["schtasks", "/Create", "/TN", "KAIROS", "/XML", str(path), "/F"], check=True)
    path.unlink()
