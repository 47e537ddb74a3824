"""`kairos policy show | edit | test`: the owner's rules, and what they change about an event."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Annotated

import typer

from kairos.cli.context import Instance
from kairos.errors import KairosError

app = typer.Typer(help="Your own rules, in plain sentences.", no_args_is_help=True)


@app.command()
def show(context: typer.Context) -> None:
    """The rules of the next start or `kairos reload`, and where they are."""
    from kairos.config.rules import read_rules

    instance: Instance = context.obj
    path = instance.places.policy
    rules = read_rules(path)
    for rule in rules:
        typer.echo(f"- {rule}")
    typer.echo(f"{len(rules)} rules in {path}")


@app.command()
def edit(context: typer.Context) -> None:
    """Open the rules in your editor; made with a few words of advice if there are none."""
    from kairos.config.rules import TEMPLATE, read_rules

    instance: Instance = context.obj
    path = instance.places.policy
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(TEMPLATE, encoding="utf-8")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    try:
        subprocess.run([*shlex.split(editor), str(path)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise KairosError(f"the editor `{editor}` did not open {path} ({error}); set EDITOR, or edit the file yourself") from error
    typer.echo(f"{len(read_rules(path))} rules; `kairos reload` puts them in force")


@app.command("test")
def try_out(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="An event's text.")],
    source: Annotated[str, typer.Option(help="Its source.")] = "cli",
) -> None:
    """Judge one event with the rules and without, on a mind of its own; nothing is acted on or remembered."""
    from kairos.config.rules import read_rules
    from kairos.events import Frame
    from kairos.mind.opened import open_reflex, use_threads

    instance: Instance = context.obj
    settings, rules = instance.load().settings, read_rules(instance.places.policy)
    use_threads(settings.mind.threads)
    opened = open_reflex(settings.mind, instance.places.models, [name for name in settings.act.allow if "*" not in name] or ["log"])
    frame = Frame(kind="text", source=source, text=text)
    for name, said in (("with your rules", rules), ("without", ())):
        opened.reflex.begin(said)
        judgement = opened.reflex.judge(frame)
        says = f": {judgement.actuator} {judgement.what}" if judgement.what else ""
        typer.echo(f"{name:15} {judgement.verdict.value}{says}  (margin {judgement.margin:.2f}, threshold {judgement.threshold:.2f})")
        if judgement.rule:
            typer.echo(f"{'decided by':15} {judgement.rule}")
