"""`kairos bench trim`: what it costs Ring 1 to forget, for the two ways of forgetting.

A full ring drops its older half. `rebuilt` lives the survivors anew behind the policy, as a restart
would. `rotated` keeps their keys and values, turned to their new positions (RoPE, arXiv 2104.09864, in
float32); they have seen what was dropped. Both are compared with the untrimmed ring: KL divergence of the
next token (nats), verdicts that flip at the threshold, and the time the trim took.
"""

from __future__ import annotations

import time
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, quantile
from kairos.judging.minds import ACTUATORS, default_mind

_RETAINED: Final = 48
_QUICK: Final = 12
_FRAMES: Final = 200
_QUICK_FRAMES: Final = 24


def run(trial: Trial) -> Findings:
    """One ring, two ways to trim it, the same frames before and after."""
    from kairos.mind.corpus.generate import Corpus

    retained, count = (_QUICK, _QUICK_FRAMES) if trial.quick else (_RETAINED, _FRAMES)
    opened = default_mind()
    life = Corpus(trial.seed, "valid").life(depth=retained, frames=count)
    lived = [past.lived for past in life.retained]
    policy = opened.reflex.anchor
    opened.reflex.restore(lived[: retained // 2])
    middle = opened.reflex.anchor
    opened.reflex.restore(lived[retained // 2 :])
    end = opened.reflex.anchor
    frames = [opened.encoder.frame(e.frame) for e in life.frames]

    whole = _seen(opened.session, frames)
    trial.progress(1, 3)
    blocks = opened.session.snapshot(end)
    started = time.perf_counter()
    opened.session.close()
    opened.session.prefill(opened.encoder.policy(ACTUATORS))
    for frame, answer in lived[retained // 2 :]:
        opened.session.prefill(opened.encoder.frame(frame))
        opened.session.prefill(opened.encoder.answer(answer))
    rebuilt_s = time.perf_counter() - started
    rebuilt = _seen(opened.session, frames)
    trial.progress(2, 3)
    started = time.perf_counter()
    problem = opened.session.restore(end - middle + policy, turned(opened.model, blocks, policy, middle))
    rotated_s = time.perf_counter() - started
    assert not problem
    rotated = _seen(opened.session, frames)

    figures: dict[str, Any] = {"frames": count, "retained": retained, "positions": end, "positions_dropped": middle - policy}
    for name, after, seconds in (("rebuilt", rebuilt, rebuilt_s), ("rotated", rotated, rotated_s)):
        figures |= _damage(name, whole, after, opened) | {f"{name}_s": round(seconds, 3)}
    config = {"mind": "default", "digests": opened.digests, "threshold": opened.threshold, "split": "valid"}
    return Findings(figures=figures, config=config, data={"n": count, "seed": trial.seed, "digest": None})


def _seen(session: Any, frames: list[list[int]]) -> list[Any]:
    """Log-probabilities [V] of the first answer token, frame by frame, at the same anchor."""
    anchor, found = session.pos, list[Any]()
    for ids in frames:
        found.append(session.prefill(ids).float().log_softmax(-1))
        session.rewind(anchor)
    return found


def _damage(name: str, whole: list[Any], after: list[Any], opened: Any) -> dict[str, float]:
    def margin(logs: Any) -> float:
        return float(logs[opened.encoder.action_id] - logs[opened.encoder.no_op_id])

    divergences = [float((one.exp() * (one - two)).sum()) for one, two in zip(whole, after, strict=True)]
    flips = sum((margin(one) > opened.threshold) != (margin(two) > opened.threshold) for one, two in zip(whole, after, strict=True))
    shifts = [abs(margin(one) - margin(two)) for one, two in zip(whole, after, strict=True)]
    return {
        f"{name}_kl_mean": round(sum(divergences) / len(divergences), 5), f"{name}_kl_p99": round(quantile(divergences, 0.99) or 0.0, 5),
        f"{name}_margin_shift_mean": round(sum(shifts) / len(shifts), 4), f"{name}_verdict_flips": flips,
    }  # fmt: skip


def turned(model: Any, blocks: dict[str, Any], policy: int, middle: int) -> dict[str, Any]:
    """`blocks` without positions [policy, middle), the keys behind turned back by as many positions."""
    import torch

    angles = (middle - policy) * model.model.rotary_emb.inv_freq.float().repeat(2)
    cosine, sine = angles.cos(), angles.sin()

    def back(keys: Any) -> Any:
        first, second = keys.float().chunk(2, dim=-1)
        return (keys.float() * cosine - torch.cat([-second, first], dim=-1) * sine).to(keys.dtype)

    kept: dict[str, Any] = {}
    for name, block in blocks.items():
        tail = block[:, :, middle:]
        kept[name] = torch.cat([block[:, :, :policy], back(tail) if name.endswith("k") else tail], dim=2).contiguous()
    return kept


BENCH: Final = Check(kind="bench", name="trim", summary="what a full ring loses when it forgets, lived anew or turned in place", run=run)
