"""`kairos train NAME`: make a plugin's weights anew, for a model or for words of your own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kairos.cli.installed import chosen, installed
from kairos.errors import KairosError


def train(
    name: Annotated[str | None, typer.Argument(help="Which; without it, the list.")] = None,
    out: Annotated[Path, typer.Option(help="The folder to write weights to.")] = Path("weights"),
    model: Annotated[str, typer.Option(help="The model they are for, as in `mind.model`.")] = "default",
    phrases: Annotated[Path | None, typer.Option(help="A file of your own sentences, one a line, in plain lower-case words.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Learn all of it, not only what depends on the model; wants a GPU.")] = False,  # noqa: FBT002
    examples: Annotated[int, typer.Option(min=40, help="How many examples to learn from.")] = 3000,
    seed: Annotated[int, typer.Option(help="The seed of everything random.")] = 11,
) -> None:
    """Train what a plugin hears by; nothing is replaced unless it is good enough."""
    from kairos.checks import Lesson
    from kairos.judging.minds import resident

    if name is None:
        typer.echo("\n".join(installed("kairos.trainers")))
        return
    trainer: Callable[[Lesson], None] = chosen("kairos.trainers", name).load()
    try:
        lines = phrases.read_text("utf-8").splitlines() if phrases is not None else []
    except (OSError, UnicodeDecodeError) as error:
        raise KairosError(f"the phrases {phrases} cannot be read: {error}") from error
    own = tuple(line.strip() for line in lines if line.strip())
    mind = resident(model=model)
    trainer(Lesson(mind=mind, out=out, phrases=own, anew=anew, examples=examples, seed=seed, say=typer.echo))
