"""`kairos gate packet`: events said in k of their n rows, by the shipped codec, by some of their words, at best, by one packet.

Held-out events that are ACTION as text must be ACTION as a packet and make their own sentence likelier than another event's
(the two by two of packets and sentences); those that are NO_OP must stay so. The whole curve, over numbers k and then over shares
of n, stands beside as many of the event's own words, evenly spaced; its numbers beside what gradient finds for each event by itself;
and beside a single packet for all events, which must fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kairos.checks import Check, Findings, GateError, Trial, missed, quantile

if TYPE_CHECKING:
    from torch import Tensor

    from kairos.mind.manifold import Manifold
    from kairos.mind.packet.codec import Codec, Read
    from kairos.mind.packet.teacher import Teacher, Told

T = TypeVar("T")
_QUICK_SIZES: Final = (4,)
_QUICK_SHARES: Final = (0.9,)
_EVENTS: Final = 240
_QUICK: Final = 6
_CEILINGS: Final = 24
_QUICK_CEILINGS: Final = 2
_STEPS: Final = 60
_QUICK_STEPS: Final = 3
_BATCH: Final = 24
_STATIC: Final = 8
_SHORTEST: Final = 33
"""Rows an event has at least, so that every size shortens it."""
_BAR: Final = 0.95


def run(trial: Trial) -> Findings:
    """The curve, the ceilings and the control."""
    import torch

    from kairos.mind.manifold import Manifold
    from kairos.mind.packet.ceiling import best
    from kairos.mind.packet.codec import SHIPPED, load
    from kairos.mind.packet.teacher import Teacher
    from kairos.mind.packet.train import ACTUATORS, SHARES, SIZES

    torch.manual_seed(trial.seed)
    teacher = Teacher.shipped(ACTUATORS)
    manifold = Manifold(teacher.table, farthest=1.0)
    codec, facts = load(SHIPPED)
    if facts["rows"] != manifold.digest:
        raise GateError(f"the shipped codec is for the embedding {facts['rows']}, the default mind's is {manifold.digest}")
    codec.to(teacher.device)
    sizes, shares, count = (_QUICK_SIZES, _QUICK_SHARES, _QUICK) if trial.quick else (SIZES, SHARES, _EVENTS)
    ceilings, steps = (_QUICK_CEILINGS, _QUICK_STEPS) if trial.quick else (_CEILINGS, _STEPS)
    events = _events(teacher, trial.seed, count)
    few = [*events[: ceilings // 2], *events[count // 2 :][: ceilings // 2]]
    with torch.no_grad():
        reads = [teacher.read(part) for part in _parts(events)]
    curve: dict[int | float, dict[str, Any]] = {}
    for number, size in enumerate((*sizes, *shares)):
        curve[size] = _at(size, teacher, codec, manifold, events, reads)
        if size in sizes:
            found = _carried(teacher, few, best(teacher, few, int(size), steps=steps))
            curve[size] |= {f"ceiling_{name}": value for name, value in found.items()}
        trial.progress(number + 1, len(sizes) + len(shares) + 1)
    control = _carried(teacher, few, best(teacher, few, min(_STATIC, max(sizes)), steps=steps, static=True))
    figures: dict[str, Any] = {
        "events": len(events), "rows_p50": quantile([float(len(one.event)) for one in events], 0.5),
        "smallest_k": _smallest(curve, sizes, "codec"), "smallest_k_ceiling": _smallest(curve, sizes, "ceiling"),
        "smallest_share": _smallest(curve, shares, "codec"), "smallest_share_words": _smallest(curve, shares, "words"),
        **{f"k{k if k in sizes else f'_{k}n'}_{name}": value for k, row in curve.items() for name, value in row.items()},
        **{f"static_{name}": value for name, value in control.items()},
    }  # fmt: skip
    sized = figures["smallest_k"] is not None or figures["smallest_share"] is not None
    bars: tuple[str, ...] = () if sized else (f"no k of {', '.join(map(str, curve))} has pivots and selectivity >= {_BAR}",)
    bars += (
        () if min(control["pivots"], control["selectivity"]) < _BAR else ("one packet for all events passed: the measure tells nothing",)
    )
    bars += () if trial.quick else missed(figures, {"events": (">=", _EVENTS)})
    wall = "events of at least 33 rows, so that every size shortens them; None says that the wall is above the largest"
    reasons = {"smallest_k": wall, "smallest_share": wall}
    return Findings(
        figures=figures,
        failed=bars,
        reasons=reasons,
        config={"codec": facts, "bar": _BAR, "steps": steps},
        data={"n": len(events), "seed": trial.seed, "digest": None},
    )


def _events(teacher: Teacher, seed: int, count: int) -> list[Told]:
    """Held-out ones, half of them ACTION and half NO_OP as text, by the mind's own verdict."""
    import torch

    from kairos.mind.packet.train import drawn

    acted, quiet, number = list[Any](), list[Any](), 0
    while min(len(acted), len(quiet)) < count // 2:
        some = drawn(teacher.encoder, f"gate/{seed}/{number}", _BATCH, "test", shortest=_SHORTEST)
        number += 1
        with torch.no_grad():
            margins = _margins(teacher, some, None)
        for one, margin in zip(some, margins, strict=True):
            if (margin > teacher.threshold) == bool(one.answer):
                (acted if one.answer else quiet).append(one)
    return [*acted[: count // 2], *quiet[: count // 2]]


def _at(size: float, teacher: Teacher, codec: Codec, manifold: Manifold, events: Sequence[Told], reads: Sequence[Read]) -> dict[str, Any]:
    """What the codec's packets of a number of rows carry, or of a share of each event's own, and what as many of its words do."""
    import torch

    from kairos.mind.packet.ceiling import spread
    from kairos.mind.packet.codec import cut

    counts = [int(size) if size >= 1 else int(size * len(one.event)) for one in events]
    table, packets = teacher.table.float(), list[Any]()
    for read, k in zip(reads, _parts(counts), strict=True):
        with torch.no_grad():
            packets += cut(codec(read, torch.tensor(k, device=teacher.device), table), k)
    words = [table[torch.tensor(spread(one, k))] for one, k in zip(events, counts, strict=True)]
    return {
        **{f"codec_{name}": value for name, value in _carried(teacher, events, packets).items()},
        "distance_p99": quantile(_distances(manifold, packets), 0.99),
        **{f"words_{name}": value for name, value in _carried(teacher, events, words).items()},
    }  # fmt: skip


def _carried(teacher: Teacher, events: Sequence[Told], packets: Sequence[Tensor]) -> dict[str, float]:
    """Of the ACTIONs: verdicts kept, and pivots, which make their own sentence likelier than another's too; of the rest, NO_OPs kept."""
    acted, quiet = [n for n, one in enumerate(events) if one.answer], [n for n, one in enumerate(events) if not one.answer]
    kept = [margin > teacher.threshold for margin in _margins(teacher, events, packets)]
    own = _likelihoods(teacher, events, packets, acted, acted)
    other = _likelihoods(teacher, events, packets, acted, [*acted[1:], acted[0]])
    pivots = [kept[n] and mine > theirs for n, mine, theirs in zip(acted, own, other, strict=True)]
    return {
        "verdicts": sum(kept[n] for n in acted) / len(acted), "pivots": sum(pivots) / len(acted),
        "selectivity": sum(not kept[n] for n in quiet) / len(quiet),
    }  # fmt: skip


def _likelihoods(
    teacher: Teacher, events: Sequence[Told], packets: Sequence[Tensor], of: Sequence[int], answers: Sequence[int]
) -> list[float]:
    """How likely each packet `of` an event makes the sentence of the event in `answers`."""
    import torch

    found: list[float] = []
    for some, said in zip(_parts(of), _parts(answers), strict=True):
        with torch.no_grad():
            answered = teacher.answered([events[n] for n in some], [packets[n] for n in some], answers=[events[n].answer for n in said])
        found += answered.likelihood(len(some)).tolist()
    return found


def _margins(teacher: Teacher, events: Sequence[Told], packets: Sequence[Tensor] | None) -> list[float]:
    import torch

    found: list[float] = []
    for start in range(0, len(events), _BATCH):
        part = [one._replace(answer=()) for one in events[start : start + _BATCH]]
        with torch.no_grad():
            answered = teacher.answered(part, None if packets is None else packets[start : start + _BATCH])
        found += answered.margins(teacher.encoder.action_id, teacher.encoder.no_op_id).tolist()
    return found


def _distances(manifold: Manifold, packets: Sequence[Tensor]) -> list[float]:
    """Of every packet, as its receipt would say it."""
    from kairos.events import Rows

    digest, found = manifold.digest, list[float]()
    for one in packets:
        packet = one.float().cpu()
        rows = Rows(dtype="f32", shape=(packet.shape[0], packet.shape[1]), data=packet.numpy().tobytes(), model=digest)
        found.append(manifold.read(rows)[1])
    return found


def _smallest(curve: dict[int | float, dict[str, Any]], among: Sequence[float], of: str) -> float | None:
    return next((k for k in among if min(curve[k][f"{of}_pivots"], curve[k][f"{of}_selectivity"]) >= _BAR), None)


def _parts(given: Sequence[T]) -> list[Sequence[T]]:
    return [given[start : start + _BATCH] for start in range(0, len(given), _BATCH)]


GATE: Final = Check(kind="gate", name="packet", summary="events in fewer rows: the curve, its ceiling, and one packet for all", run=run)
