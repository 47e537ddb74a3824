"""`kairos explain EVENT`: why it was said, or why it was not."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from kairos.cli.context import Instance

if TYPE_CHECKING:
    from kairos.boot.history import Explanation


def explain(
    context: typer.Context,
    event: Annotated[str, typer.Argument(help="An event's id, or the number of its receipt.")],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Show an event's verdict and all it came from: margin, threshold, what was retained, rules, and what was done."""
    import msgspec

    from kairos.boot.history import explain as look_up

    instance: Instance = context.obj
    with instance.store() as connection:
        found = look_up(connection, event)
    typer.echo(json.dumps(msgspec.to_builtins(found)) if as_json else page(found))


def page(found: Explanation) -> str:
    """One line a fact."""
    lines = [
        f"event     {found.event}",
        f"from      {found.source}, {_when(found.at)}",
        f"says      {found.text if found.text is not None else '(forgotten; its receipt stays)'}",
    ]
    if found.receipt is None:
        return "\n".join([*lines, "verdict   none yet: it waits, or its receipt was pruned"])
    body = found.receipt.body
    if found.receipt.kind != "verdict":
        return "\n".join([*lines, f"verdict   NO_OP: folded under {body.get('reason', found.receipt.kind)}, receipt {found.receipt.n}"])
    threshold = "never acts" if body["threshold"] is None else f"{body['threshold']:+.2f}"
    lines += [
        f"verdict   {body['verdict']}, receipt {found.receipt.n}, {_when(found.receipt.at)}, {body['ms']:.0f} ms{', known' if body.get('known') else ''}",
        f"margin    {body['margin']:+.2f} against {threshold}: probability {body.get('probability', 0):.0%} that you want to know",
        f"series    {body.get('series') or 'the first of its kind'}; {body.get('count', 1)} events, group {body.get('template', '-')}",
        f"memory    {found.retained} actions retained",
    ]
    if body.get("rule"):
        lines.append(f"decided   by your rule: {body['rule']}")
    if body.get("reason"):
        lines.append(f"but       {body['reason']}")
    if found.opened is not None:
        opened = found.opened.body
        lines.append(f"mind      {opened['model']}, sensitivity {opened['sensitivity']:g}, since {_when(found.opened.at)}")
        lines += [f"rule      {rule}" for rule in opened["rules"]]
    for action in found.actions:
        why = f" ({action.detail})" if action.detail else ""
        lines.append(f"action    {action.n} {action.actuator}: {action.what} -> {action.state.value}{why}")
    for row in found.feedback:
        note = f": {row.body['note']}" if row.body["note"] else ""
        lines.append(f"feedback  {'right' if row.body['right'] else 'wrong'}{note}, receipt {row.n}")
    return "\n".join(lines)


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
