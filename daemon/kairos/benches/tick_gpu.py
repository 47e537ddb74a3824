"""`kairos bench tick-gpu`: a tick of a 12 B model on a GPU, beside what its weights and its products alone must cost.

The model has the shape of Gemma 3 12B (48 layers, 5 sliding to 1 full) and random bfloat16 weights: what
is measured does not depend on them. `floor` is the bytes of the weights over the bandwidth of a device
copy; `linears` are the same linear layers alone in one CUDA graph, the head for one row. A chip slows when
it is warm, so tick, decode and linears are taken in turn, in one process. The slope is fitted over
retained actions 0 to 64; re-prefill is the library's own forward over everything. The default mind's
shape is measured too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

from kairos.checks import Check, Findings, GateError, Trial, missed
from kairos.rates import slope

_PREFIX: Final = 220
_ACTION: Final = 40
_FRAME: Final = 24
_RETAINED: Final = (0, 4, 16, 64)
_WATCHED: Final = (11, 13)
_POSITIONS: Final = 4096
_COPY: Final = 1 << 32
Ms = Callable[[], Any]


def run(trial: Trial) -> Findings:
    """The large shape, the law on it, and the small shape."""
    import torch

    if not torch.cuda.is_available():
        raise GateError("this bench needs a CUDA device, and torch sees none")
    rounds = 20 if trial.quick else 100
    figures = _large(rounds, trial) | {"default_mind_idle_ms": _small(rounds)}
    bars = missed(figures, {
        "tick_over_linears": ("<=", 1.2), "decode_over_linears": ("<=", 1.2), "slope_ratio": (">=", 127),
        "logit_diffs": ("==", 0), "default_mind_idle_ms": ("<=", 3),
    })  # fmt: skip
    config = {
        "device": torch.cuda.get_device_name(), "dtype": "bfloat16", "layers": "fixed, CUDA graphs, fused steps", "max_positions": _POSITIONS,
        "weights": "random", "frame": _FRAME, "prefix": _PREFIX, "action": _ACTION,
    }  # fmt: skip
    return Findings(figures=figures, failed=bars, config=config, data={"n": rounds, "seed": trial.seed, "digest": None})


def _large(rounds: int, trial: Trial) -> dict[str, Any]:
    import transformers

    config = transformers.Gemma3TextConfig(
        hidden_size=3840, num_hidden_layers=48, num_attention_heads=16, num_key_value_heads=8, head_dim=256,
        intermediate_size=15360, vocab_size=262208, sliding_window=1024, query_pre_attn_scalar=256,
    )  # fmt: skip
    model = _build(config)
    floor = sum(p.nbytes for p in model.parameters()) / _bandwidth() * 1e3
    again = {count: _reprefill(model, count) for count in _RETAINED}
    linears = {rows: _linears(model, rows) for rows in (1, _FRAME)}
    started = time.perf_counter()
    session = _session(model)
    ready_s = time.perf_counter() - started
    differing = _law(session)
    anchors = {count: _PREFIX + count * _ACTION for count in _RETAINED}
    samples: dict[Any, list[float]] = {}
    for number in range(rounds):
        trial.progress(number, rounds)
        for count, at in anchors.items():
            _stand(session, at)
            samples.setdefault(count, []).append(_ms(lambda: _tick(session, _FRAME)))
        _stand(session, _PREFIX)
        samples.setdefault("decode", []).append(_ms(lambda: _tick(session, 1)))
        for rows, replay in linears.items():
            samples.setdefault(f"linears_{rows}", []).append(_ms(replay))
    medians = {name: statistics.median(values) for name, values in samples.items()}
    resident, bound = slope([(count, ms) for count in _RETAINED for ms in samples[count]])
    reprefill_slope, _ = slope(list(again.items()))
    return {
        "floor_ms": floor, "linears_24_ms": medians[f"linears_{_FRAME}"], "linears_1_ms": medians["linears_1"], "ready_s": ready_s,
        **{f"idle_ms_{count}": medians[count] for count in _RETAINED}, "decode_ms": medians["decode"],
        **{f"reprefill_ms_{count}": ms for count, ms in again.items()},
        "tick_over_linears": medians[0] / medians[f"linears_{_FRAME}"], "decode_over_linears": medians["decode"] / medians["linears_1"],
        "slope_ms_per_action": resident, "slope_upper95": bound, "slope_ratio": reprefill_slope / bound, "logit_diffs": differing,
    }  # fmt: skip


def _small(rounds: int) -> float:
    """Median idle tick of the default mind's shape, ms."""
    import transformers

    config = transformers.LlamaConfig(
        hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, head_dim=64,
        intermediate_size=1536, vocab_size=49152, tie_word_embeddings=True, max_position_embeddings=8192,
    )  # fmt: skip
    session = _session(_build(config))
    _stand(session, _PREFIX)
    return statistics.median(_ms(lambda: _tick(session, _FRAME)) for _ in range(rounds))


def _build(config: Any) -> Any:
    import torch
    import transformers

    with torch.device("cuda"):
        return transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()


def _session(model: Any) -> Any:
    """Prepared as the daemon prepares its own, and every graph captured."""
    from kairos.mind.model import prepare
    from kairos.mind.seam import Session

    prepare(model)
    session = Session(model, max_positions=_POSITIONS, layers="fixed")
    session.warm((1, _FRAME, 64, 128), _WATCHED)
    session.warm((1, 128), None)
    return session


def _tick(session: Any, rows: int) -> list[float]:
    at = session.pos
    found = session.prefill(range(20, 20 + rows), only=_WATCHED if rows > 1 else None)[:2].tolist()
    session.rewind(at)
    return found


def _stand(session: Any, to: int) -> None:
    """Live up to position `to`, or be again where that was."""
    if session.pos > to:
        session.close()
    while session.pos < to:
        some = min(128, to - session.pos)
        session.prefill(range(1000 + session.pos, 1000 + session.pos + some))


def _law(session: Any) -> int:
    """Whether a frame's logits differ at an anchor behind which much was tried and taken back, windows wrapped."""
    frame = range(20, 20 + _FRAME)
    _stand(session, 2600)
    anchor = session.pos
    plain = session.prefill(frame)
    session.rewind(anchor)
    for some in (128, 128, 100, 1):
        session.prefill(range(5000, 5000 + some))
    session.rewind(anchor)
    again = session.prefill(frame)
    session.close()
    return int((plain != again).any())


def _linears(model: Any, rows: int) -> Ms:
    """All linear layers alone, of `rows` rows, in one graph; the head for one."""
    import torch
    from torch import nn

    head = model.get_output_embeddings()
    every = [(m.weight.detach(), m.bias) for m in model.modules() if isinstance(m, nn.Linear) and m is not head]
    inputs = {w.shape[1]: torch.randn(1, rows, w.shape[1], dtype=w.dtype, device=w.device) for w, _ in every}
    last = torch.randn(1, 1, head.in_features, dtype=head.weight.dtype, device=head.weight.device)

    def forward() -> None:
        with torch.inference_mode():
            for weight, bias in every:
                nn.functional.linear(inputs[weight.shape[1]], weight, bias)
            nn.functional.linear(last, head.weight)

    forward()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        forward()
    return lambda _reads=forward: graph.replay()  # a graph does not hold what it reads


def _reprefill(model: Any, count: int) -> float:
    """Median ms of the library's own forward over everything, keeping nothing."""
    import torch

    ids = torch.randint(20, 9000, (1, _PREFIX + count * _ACTION + _FRAME), device="cuda")

    def forward() -> None:
        with torch.inference_mode():
            model(input_ids=ids, use_cache=False, logits_to_keep=1).logits[0, -1, list(_WATCHED)].cpu()

    return statistics.median(_ms(forward) for _ in range(9))


def _bandwidth() -> float:
    """Bytes a second of a device copy, read and written."""
    import torch

    source = torch.empty(_COPY, dtype=torch.int8, device="cuda").random_(-9, 9)
    target = torch.empty_like(source)
    target.copy_(source)
    return 2 * _COPY / (statistics.median(_ms(lambda: target.copy_(source)) for _ in range(10)) / 1e3)


def _ms(call: Ms) -> float:
    """Milliseconds of one call, the device's work included."""
    import torch

    torch.cuda.synchronize()
    started = time.perf_counter()
    call()
    torch.cuda.synchronize()
    return (time.perf_counter() - started) * 1e3


BENCH: Final = Check(
    kind="bench", name="tick-gpu", summary="a tick of a 12 B shape on a GPU, beside its weights and its products alone", run=run
)
