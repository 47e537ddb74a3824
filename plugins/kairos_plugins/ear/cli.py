"""`kairos ear`: mute it, talk to it, send it a recording, or try one without a daemon."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RATE: Final = 16_000
_PIECE: Final = 4_000
_AHEAD: Final = 2 * _RATE
"""Samples that may wait at the other end."""
_PAUSE_S: Final = 0.05
_TAIL_S: Final = 1.0
"""Silence after a recording, so that what was said last is over."""

app = typer.Typer(no_args_is_help=True, help="The ear: mute it, talk to it, send it a recording.")
File = Annotated[Path, typer.Argument(help="A sound file: WAV, FLAC, Ogg; any rate and number of channels.")]


@app.command()
def mute(
    context: typer.Context,
    minutes: Annotated[float | None, typer.Option("--for", min=0.01, help="Minutes; without it, until `unmute`.")] = None,
) -> None:
    """Hear nothing."""
    _ask(context, "mute", **({} if minutes is None else {"seconds": 60 * minutes}))
    typer.echo("muted; `kairos ear unmute` listens again")


@app.command()
def unmute(context: typer.Context) -> None:
    """Hear again, whatever `plugin.ear.mute_hours` says."""
    _ask(context, "unmute")
    typer.echo("listening")


@app.command()
def talk(
    context: typer.Context, seconds: Annotated[float, typer.Option("--for", min=0.1, help="Seconds it listens, muted or not.")] = 10.0
) -> None:
    """Push to talk: hear for a while."""
    _ask(context, "talk", seconds=seconds)
    typer.echo(f"listening for {seconds:g} s")


@app.command()
def hear(context: typer.Context, file: File) -> None:
    """Send a recording to a daemon whose `plugin.ear.input` is `lane`, as fast as it is heard."""
    samples = _samples(file)
    pieces = [samples[start : start + _PIECE] for start in range(0, len(samples), _PIECE)]
    with context.obj.client() as client:
        lost = _hear(client, b"")["lost"]
        for piece in pieces:
            waiting = _hear(client, piece.astype("<i2").tobytes())["waiting"]
            while waiting > _AHEAD:
                time.sleep(_PAUSE_S)
                waiting = _hear(client, b"")["waiting"]
        lost = _hear(client, b"")["lost"] - lost
    typer.echo(f"sent {len(samples) / _RATE:.1f} s" + (f"; {lost} samples found no room" if lost else ""))


@app.command("try")
def attempt(file: File) -> None:
    """Say what the ear would tell of a recording; no daemon needed, nothing is sent."""
    from kairos_plugins.ear.config import EarSettings
    from kairos_plugins.ear.frontend import FRAME
    from kairos_plugins.ear.hearing import Ear, Models, engine
    from kairos_plugins.ear.tell import Teller

    ear, teller, told = Ear(Models(engine())), Teller(EarSettings()), 0
    for number, samples in enumerate(ear.frames(_samples(file)), 1):
        for news in teller.feed(ear.frame(samples)):
            told += 1
            typer.echo(f"{number * FRAME / _RATE:7.1f} s  {news.text}")
    if not told:
        typer.echo("nothing worth telling")


def _ask(context: typer.Context, do: str, **fields: Any) -> None:
    with context.obj.client() as client:
        client.ask("plugin", plugin="ear", do=do, **fields)


def _hear(client: Any, pcm: bytes) -> Any:
    return client.ask("plugin", plugin="ear", do="hear", pcm=base64.b64encode(pcm).decode())


def _samples(file: Path) -> NDArray[np.int16]:
    try:
        import numpy as np

        from kairos_plugins.ear.recordings import pcm
    except ModuleNotFoundError as error:
        from kairos.api import KairosError

        raise KairosError(f"{error.name} is not installed: pip install 'kairosd[ear]'") from error
    return np.concatenate([pcm(file), np.zeros(round(_TAIL_S * _RATE), np.int16)])
