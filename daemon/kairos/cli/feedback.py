"""`kairos feedback EVENT right | wrong`: your word on a verdict, kept with a receipt."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from kairos.cli.context import Instance


class Word(str, Enum):
    """What you think of it."""

    RIGHT = "right"
    WRONG = "wrong"


def feedback(
    context: typer.Context,
    event: Annotated[str, typer.Argument(help="An event's id, or the number of its receipt.")],
    word: Annotated[Word, typer.Argument(help="Whether its verdict was what you wanted.")],
    note: Annotated[str, typer.Option(help="What you would have wanted.")] = "",
) -> None:
    """Say whether a verdict was right; nothing is learnt from it until you say so."""
    instance: Instance = context.obj
    with instance.client() as client:
        answer = client.ask("feedback", event=event, right=word is Word.RIGHT, note=note)
    typer.echo(f"{answer['verdict']} of event {answer['event']} was {word.value}: receipt {answer['receipt']}")
