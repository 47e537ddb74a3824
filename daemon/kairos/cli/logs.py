"""`kairos logs [-f]`: the log where it is: our rotating file, or the journal."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from kairos.cli.context import Instance


def logs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as lines come.")] = False,  # noqa: FBT002
    lines: Annotated[int, typer.Option("-n", help="How many of the last lines.")] = 20,
) -> None:
    """Show the daemon's log."""
    instance: Instance = context.obj
    path = instance.places.log_file
    if path.exists():
        for line in _lines(path, lines, follow=follow):
            typer.echo(_readable(line))
    elif program := shutil.which("journalctl"):
        argv = [program, "--unit=kairosd", f"--lines={lines}", *(["--follow"] if follow else [])]
        raise typer.Exit(subprocess.call(argv))
    else:
        typer.echo(f"no log at {path}: nothing ran here yet, or `log.file` is off", err=True)
        raise typer.Exit(1)


def _lines(path: Path, last: int, *, follow: bool) -> Iterator[str]:
    yield from path.read_text("utf-8", "replace").splitlines()[-last:]
    file = path.open(encoding="utf-8", errors="replace")
    file.seek(0, 2)
    while follow:
        line = file.readline()
        if line:
            yield line.rstrip("\n")
            continue
        if path.exists() and path.stat().st_ino != _inode(file):
            file.close()
            file = path.open(encoding="utf-8", errors="replace")
        time.sleep(0.3)
    file.close()


def _inode(file: object) -> int:
    import os

    return os.fstat(file.fileno()).st_ino  # type: ignore[attr-defined]


def _readable(line: str) -> str:
    try:
        fields: dict[str, object] = json.loads(line)
    except json.JSONDecodeError:
        return line
    head = [str(fields.pop(key, "")) for key in ("timestamp", "level", "event")]
    return f"{head[0][:19]} {head[1]:7} {head[2]:24} " + " ".join(f"{k}={v}" for k, v in fields.items())
