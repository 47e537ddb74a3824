"""`kairos gate real-logs --data DIR`: logs of machines nobody here has seen, as they are.

`DIR` holds `*.log` files, a line an event. In a file whose lines begin with a label (`-` for normal, a
word for an alert, as in BGL) the label is stripped before anything sees the line, and the margin is
judged by the area under the ROC curve over log templates, each template once, with an interval from
resampling templates, beside severity words, and once more with those words masked. In the others the
figure is ACTIONs per 1,000 lines, and what was acted on is printed. A few lines of each template are
judged and speak for the rest; there is no history.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from kairos.checks import Check, Findings, GateError, Trial, missed
from kairos.events import Frame
from kairos.gates.baselines import SEVERITY_WORDS, severity
from kairos.inbox.grouping import mask
from kairos.judging.minds import default_mind
from kairos.rates import auc, bootstrap

_LABELLED: Final = re.compile(r"^(-|[A-Z]{3,}) \d+ ")
_A_TEMPLATE: Final = 3
_QUICK_TEMPLATES: Final = 25
_PRINTED: Final = 60


class Template(NamedTuple):
    """Lines of one wording."""

    lines: list[str]
    grave: bool
    """Whether most of them are labelled as alerts."""


def run(trial: Trial) -> Findings:
    """Every log in the folder."""
    logs = sorted(trial.data.glob("*.log")) if trial.data else []
    if not logs:
        raise GateError("this gate needs `--data DIR` with *.log files, a line an event")
    opened = default_mind()
    figures: dict[str, Any] = {}
    acted: list[str] = []
    state = hashlib.blake2b(digest_size=16)
    for number, path in enumerate(logs):
        state.update(path.read_bytes())
        name = path.stem.split("_")[0].lower()
        found, labelled = templates(path.read_text("utf-8", "replace").splitlines())
        some = found[:_QUICK_TEMPLATES] if trial.quick else found
        figures |= _labelled(opened, name, some, trial.seed) if labelled else _plain(opened, name, some, acted)
        trial.progress(number + 1, len(logs))
    bars = _bars(figures)
    reasons = {"acted_on": " | ".join(acted[:_PRINTED])} if acted else {}
    config = {"mind": "default", "digests": opened.digests, "threshold": opened.threshold, "a_template": _A_TEMPLATE}
    return Findings(
        figures=figures, failed=bars, reasons=reasons, config=config, data={"n": len(logs), "seed": trial.seed, "digest": state.hexdigest()}
    )


def templates(lines: Sequence[str]) -> tuple[list[Template], bool]:
    """The templates of a log, and whether its lines bore labels; none of them does any more."""
    from drain3.drain import Drain

    labelled = all(_LABELLED.match(line) for line in lines[:20])
    miner, of = Drain(sim_th=0.5, max_clusters=10_000), defaultdict[int, list[tuple[str, bool]]](list)
    for line in lines:
        label, rest = line.split(" ", 1) if labelled else ("-", line)
        cluster, _ = miner.add_log_message(mask(rest))
        of[cluster.cluster_id].append((rest, label != "-"))
    found = [Template([text for text, _ in rows], 2 * sum(grave for _, grave in rows) > len(rows)) for rows in of.values()]
    return found, labelled


def _score(opened: Any, name: str, template: Template, *, masked: bool = False) -> float:
    """The mean margin of a few of its lines."""
    step = max(1, len(template.lines) // _A_TEMPLATE)
    some = template.lines[::step][:_A_TEMPLATE]
    texts = [SEVERITY_WORDS.sub("", text) if masked else text for text in some]
    return sum(opened.reflex.margin(Frame(kind="text", source=name, text=text)) for text in texts) / len(texts)


def _labelled(opened: Any, name: str, found: list[Template], seed: int) -> dict[str, Any]:
    labels = [template.grave for template in found]
    arms = {
        "": [_score(opened, name, t) for t in found],
        "_masked": [_score(opened, name, t, masked=True) for t in found],
        "_severity": [severity(Frame(kind="text", text=t.lines[0])) for t in found],
    }
    figures: dict[str, Any] = {f"{name}_templates": len(found), f"{name}_grave_templates": sum(labels)}
    for arm, scores in arms.items():
        figures[f"{name}_auc_macro{arm}"] = auc(scores, labels)
        pairs = list(zip(scores, labels, strict=True))
        low, high = bootstrap(pairs, lambda rows: auc([s for s, _ in rows], [g for _, g in rows]), seed=seed)
        figures |= {f"{name}_auc_macro{arm}_low95": low, f"{name}_auc_macro{arm}_high95": high}
    return figures


def _plain(opened: Any, name: str, found: list[Template], acted: list[str]) -> dict[str, Any]:
    lines = wrong = 0
    for template in found:
        lines += len(template.lines)
        if _score(opened, name, template) > opened.threshold:
            wrong += len(template.lines)
            acted.append(f"{name} x{len(template.lines)}: {template.lines[0]}")
    return {f"{name}_lines": lines, f"{name}_templates": len(found), f"{name}_actions_per_1000": 1000 * wrong / max(1, lines)}


def _bars(figures: dict[str, Any]) -> tuple[str, ...]:
    """Better than severity words, also where there are none to go by."""
    bars: tuple[str, ...] = ()
    for name in [key.removesuffix("_auc_macro") for key in figures if key.endswith("_auc_macro")]:
        rival = figures[f"{name}_auc_macro_severity"]
        bars += missed(figures, {f"{name}_auc_macro": (">=", rival), f"{name}_auc_macro_masked": (">=", rival)})
    return bars


GATE: Final = Check(kind="gate", name="real-logs", summary="logs of machines nobody here has seen, as they are", run=run, takes_data=True)
