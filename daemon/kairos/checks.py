"""What a gate and a bench are: a measured check that ships in the product and can be judged by others.

A gate passes or fails on bars that stand beside its figures; a bench reports. Both print n, seed and
a digest of their data, and the configuration they ran with. The last line of stdout with `--json` is
one object: {"gate"|"bench", "passed", "figures", "reasons", "config", "data", "versions"}.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import msgspec

from kairos import __version__
from kairos.errors import KairosError
from kairos.events import Frame, Judgement

_PACKAGES: Final = ("torch", "transformers", "pyzmq", "msgspec", "anyio")
Figure = float | int | None
Progress = Callable[[int, int], None]


class GateError(KairosError):
    """A gate or bench cannot run as asked."""


class Resident(Protocol):
    """A mind as checks and trainers of plugins may use it; nothing they do to it lasts."""

    @property
    def rows_digest(self) -> str:
        """Digest of its embedding, as latent rows must name it."""
        ...

    def encode(self, text: str) -> list[int]:
        """Ids of plain text."""
        ...

    def rows(self, ids: Sequence[int]) -> Any:
        """Its embedding's rows of `ids`, float32 [N, H] in numpy."""
        ...

    def judge(self, frame: Frame) -> Judgement:
        """The verdict on `frame`, which is taken back at once; raises `MindError`."""
        ...


def _no_mind() -> Resident:
    raise GateError("this check was started without a mind; run it by `kairos gate`")


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """How a gate or bench is asked to run."""

    quick: bool = False
    data: Path | None = None
    seed: int = 11
    progress: Progress = lambda _done, _of: None
    """Called with (done, of) now and then."""
    mind: Callable[[], Resident] = _no_mind
    """Opens the default mind, as shipped."""


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What `kairos train` asks of a plugin's trainer."""

    mind: Resident
    out: Path
    """The folder weights are written to, once they are good enough."""
    phrases: tuple[str, ...] = ()
    """The owner's own."""
    anew: bool = False
    """Whether everything is learned from the beginning, not only what depends on the mind."""
    examples: int
    seed: int = 11
    say: Callable[[str], None]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What came out."""

    figures: Mapping[str, Figure]
    """Flat numbers under the names of docs/gates.md; rates are fractions of 1; None was not measured."""
    failed: tuple[str, ...] = ()
    """The bars that were missed, in words; empty is passed."""
    reasons: Mapping[str, str] = {}
    """Why a figure is None, or anything a reader must know."""
    config: Mapping[str, Any] = {}
    data: Mapping[str, Any] = {}
    """n, seed, digest."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One gate or bench, as its entry point names it."""

    kind: Literal["gate", "bench"]
    name: str
    summary: str
    run: Callable[[Trial], Findings]
    takes_data: bool = False
    """Whether `--data DIR` means anything to it."""


def report(check: Check, findings: Findings) -> dict[str, Any]:
    """The object a machine reads."""
    return {
        check.kind: check.name,
        "passed": not findings.failed,
        "figures": dict(findings.figures),
        "reasons": {**findings.reasons, **({"failed": "; ".join(findings.failed)} if findings.failed else {})},
        "config": dict(findings.config),
        "data": dict(findings.data),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """What it ran on."""
    found = {"kairos": __version__, "python": platform.python_version(), "machine": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def missed(figures: Mapping[str, Figure], bars: Mapping[str, tuple[Literal["==", "<=", ">="], float]]) -> tuple[str, ...]:
    """The bars `figures` do not reach, each as a sentence; an unmeasured figure misses its bar."""
    found: list[str] = []
    for name, (relation, bar) in bars.items():
        value = figures.get(name)
        reached = value is not None and (value == bar if relation == "==" else value <= bar if relation == "<=" else value >= bar)
        if not reached:
            found.append(f"{name} is {value}, must be {relation} {bar:g}")
    return tuple(found)


def quantile(values: list[float], share: float) -> float | None:
    """The value below which `share` of `values` lie, by linear interpolation; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)
