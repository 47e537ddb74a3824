"""`kairos gate ring-live`: after a rewind across a wrapped window the ring goes on as if nothing had been.

That a cache equals its twin's says nothing if both are wrong. So here each chunk is judged against
attention worked out anew, in float64, over a plain record of every key and value by absolute position:
no ring, no mask of the library's, no slots; only "a query at q sees (q - W, q]". The rest of the
forward (projections, norms) is the model's own, in float32, so what is compared is the ring.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any, Final

from kairos.checks import Check, Findings, Trial, missed
from kairos.gates.families import SLIDING, VOCABULARY, WINDOW, build

_POSITIONS: Final = 4200
_QUICK: Final = 400
_SLACK: Final = 40
_TOLERANCE: Final = 1e-4
_NAME: Final = "kairos-float64"


def run(trial: Trial) -> Findings:
    """Every family with windows, both layer classes."""
    wanted = _QUICK if trial.quick else _POSITIONS
    rng, found, worst = Random(trial.seed), Counter[str](), 0.0
    kinds = [(family, layers) for family in SLIDING for layers in ("views", "fixed")]
    for number, (family, layers) in enumerate(kinds):
        far, counts = live(family, layers, -(-wanted // len(kinds)), rng)
        worst = max(worst, far)
        found.update(counts)
        trial.progress(number + 1, len(kinds))
    figures = {
        "positions": found["positions"], "rewinds_past_the_wrap": found["rewinds"], "max_logit_diff": worst,
        "argmax_agreement": found["same"] / found["positions"], "disagreements_that_are_no_ties": found["no_tie"],
    }  # fmt: skip
    bars = missed(
        figures, {"max_logit_diff": ("<=", _TOLERANCE), "argmax_agreement": (">=", 0.999), "disagreements_that_are_no_ties": ("==", 0)}
    )
    if not trial.quick:
        bars += missed(figures, {"positions": (">=", 4000)})
    config = {"window": WINDOW, "slack": _SLACK, "tolerance": _TOLERANCE, "families": SLIDING, "dtype": "float32"}
    return Findings(figures=figures, failed=bars, config=config, data={"n": found["positions"], "seed": trial.seed, "digest": None})


def live(family: str, layers: Any, positions: int, rng: Random) -> tuple[float, Counter[str]]:
    """Largest difference of a logit over `positions` positions, and what agreed."""
    from kairos.mind.seam import Session

    record = _Record(build(family))
    session = Session(build(family), max_positions=20 * positions, slack=_SLACK, layers=layers)
    found, worst, lived = Counter[str](), 0.0, list[int]()
    while found["positions"] < positions:
        if session.pos > 2 * WINDOW and rng.random() < 0.5:  # noqa: PLR2004 - as often as not
            session.prefill([rng.randrange(3, VOCABULARY) for _ in range(rng.randint(1, 20))])
            session.rewind(len(lived))
            found["rewinds"] += 1
        ids = [rng.randrange(3, VOCABULARY) for _ in range(rng.choice([1, rng.randint(2, 20)]))]
        ours, theirs = session.prefill(ids), record.after(ids)
        session.commit()
        lived += ids
        found["positions"] += 1
        difference = float((ours.double() - theirs).abs().max())
        worst = max(worst, difference)
        if int(ours.argmax()) == int(theirs.argmax()):
            found["same"] += 1
        else:
            first, second = theirs.topk(2).values.tolist()
            found["no_tie"] += first - second > 2 * difference
    return worst, found


class _Record:
    """The same weights, attending by a plain record of keys and values, in float64."""

    def __init__(self, model: Any) -> None:
        from transformers import AttentionInterface, AttentionMaskInterface
        from transformers.masking_utils import sdpa_mask

        AttentionInterface.register(_NAME, reference)
        AttentionMaskInterface.register(_NAME, sdpa_mask)
        self._model = model
        self._model.set_attn_implementation(_NAME)
        self._cache = _plain_cache(self._model.config)

    def after(self, ids: list[int]) -> Any:
        """Logits [V], float64, after `ids` as the next chunk."""
        import torch

        start = self._cache.get_seq_length()
        at = torch.arange(start, start + len(ids))[None]
        with torch.inference_mode():
            out = self._model(input_ids=torch.tensor([ids]), position_ids=at, past_key_values=self._cache, use_cache=True)
        return out.logits[0, -1].double()


def _plain_cache(config: Any) -> Any:
    """Every layer keeps everything: windows are left to the reference."""
    from transformers import DynamicCache
    from transformers.cache_utils import Cache, DynamicLayer

    kinds = DynamicCache(config=config).layers
    return Cache(layers=[kind if type(kind).__name__ == "DummyLayer" else DynamicLayer() for kind in kinds])


def reference(
    module: Any, query: Any, key: Any, value: Any, attention_mask: Any, scaling: float | None = None,
    softcap: float | None = None, **_: Any,
) -> tuple[Any, None]:  # fmt: skip
    """Q [1, H, N, D] over k, v [1, G, L, D] of positions 0 to L, in float64; the mask is worked out here."""
    import torch

    del attention_mask
    count, length, width = query.shape[2], key.shape[2], query.shape[3]
    repeat = query.shape[1] // key.shape[1]
    k, v = (block.double().repeat_interleave(repeat, dim=1) for block in (key, value))
    scores = query.double() @ k.transpose(2, 3) * (width**-0.5 if scaling is None else scaling)
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    rows, columns = torch.arange(length - count, length)[:, None], torch.arange(length)
    seen = columns <= rows
    if (window := _window(module)) is not None:
        seen &= columns > rows - window
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return (weights @ v).to(query.dtype).transpose(1, 2).contiguous(), None


def _window(module: Any) -> int | None:
    """The window this layer's code says it has."""
    kinds = getattr(module.config, "layer_types", None)
    if kinds is not None and kinds[module.layer_idx] != "sliding_attention":
        return None
    return getattr(module.config, "sliding_window", None)


GATE: Final = Check(
    kind="gate", name="ring-live", summary="after a rewind past the wrap the ring agrees with attention worked out anew", run=run
)
