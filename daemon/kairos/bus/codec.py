"""From a message to an `Event`: every limit of `docs/messaging.md`, each refusal naming its field."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from kairos.config import BusSettings
from kairos.errors import WireError
from kairos.events import DTYPE_BYTES, Dtype, Event, Kind, Priority, Rows
from kairos.wire import blob

_FIELDS: Final = frozenset({"v", "op", "id", "source", "kind", "priority", "at", "text", "metrics", "rows", "wait"})
_NAME: Final = 128
_PRIORITIES: Final = {p.name.lower(): p for p in Priority}
_EXPONENTS: Final = {"f32": ("<I", 0x7F800000), "bf16": ("<H", 0x7F80), "f16": ("<H", 0x7C00)}
_PAYLOAD: Final = {"text": "text", "metric": "metrics", "latent": "rows"}


class Codec:
    """Checks messages against one set of limits. `width` and `model` are the resident model's, 0 and empty until it is awake."""

    def __init__(self, settings: BusSettings, *, width: int = 0, model: str = "", clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.width = width
        self.model = model
        self._clock = clock

    def event(self, message: dict[str, Any]) -> Event:
        """The event a message carries; raises `WireError`, and then nothing of it was kept."""
        if unknown := message.keys() - _FIELDS:
            field = min(unknown)
            raise WireError("unknown_field", field, f"is not known; known are {', '.join(sorted(_FIELDS))}")
        kind = message.get("kind", "text")
        if not isinstance(kind, str) or kind not in _PAYLOAD:
            raise WireError("kind", "kind", f"is {kind!r}; known are text, metric, latent")
        for other, field in _PAYLOAD.items():
            if other != kind and field in message:
                raise WireError("unknown_field", field, f"does not belong to an event of kind {kind}")
        source = _name(message, "source", default="client")
        return Event(
            id=_name(message, "id"),
            source=source,
            kind=msgspec.convert(kind, Kind),
            priority=self._priority(message, source),
            at=self._at(message),
            text=self._text(message) if kind == "text" else "",
            metrics=self._metrics(message) if kind == "metric" else {},
            rows=self._rows(message) if kind == "latent" else None,
        )

    def _priority(self, message: dict[str, Any], source: str) -> Priority:
        name = message.get("priority", "background")
        if not isinstance(name, str) or name not in _PRIORITIES:
            raise WireError("priority", "priority", f"is {name!r}; known are {', '.join(_PRIORITIES)}")
        priority = _PRIORITIES[name]
        if priority <= Priority.INTERACTIVE and not any(fnmatchcase(source, pattern) for pattern in self.settings.urgent):
            raise WireError("priority", "priority", f"is {name}, which bus.urgent does not let {source} use")
        return priority

    def _at(self, message: dict[str, Any]) -> float:
        now = self._clock()
        at = message.get("at", now)
        if isinstance(at, bool) or not isinstance(at, (int, float)) or not math.isfinite(at):
            raise WireError("type", "at", "must be seconds since the epoch")
        if at > now + self.settings.max_future_s:
            raise WireError("future", "at", f"lies {at - now:.0f} s in the future; the most is {self.settings.max_future_s:g}")
        if at < 0:
            raise WireError("range", "at", "lies before 1970")
        return float(at)

    def _text(self, message: dict[str, Any]) -> str:
        text = message.get("text")
        if not isinstance(text, str):
            raise WireError("type", "text", "must be text")
        if not text.strip():
            raise WireError("empty", "text", "is empty")
        if len(text) > self.settings.max_text:
            raise WireError("too_big", "text", f"has {len(text)} characters, the most is {self.settings.max_text}")
        return text

    def _metrics(self, message: dict[str, Any]) -> dict[str, float]:
        metrics = message.get("metrics")
        if not isinstance(metrics, dict) or not metrics:
            raise WireError("type", "metrics", "must be an object of names and numbers")
        pairs: dict[Any, Any] = metrics  # pyright: ignore[reportUnknownVariableType]
        if len(pairs) > self.settings.max_metrics:
            raise WireError("too_big", "metrics", f"has {len(pairs)} values, the most is {self.settings.max_metrics}")
        for name, value in pairs.items():
            if not isinstance(name, str) or not 0 < len(name) <= _NAME:
                raise WireError("type", "metrics", f"has a name that is not text of 1 to {_NAME} characters")
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise WireError("type", f"metrics.{name}", "must be a number")
            if not _finite(value):
                raise WireError("not_finite", f"metrics.{name}", "is NaN or infinite")
        return {name: float(value) for name, value in pairs.items()}

    def _rows(self, message: dict[str, Any]) -> Rows:
        rows = message.get("rows")
        if not isinstance(rows, dict):
            raise WireError("type", "rows", "must be an object with dtype, shape and data")
        parts: dict[Any, Any] = rows  # pyright: ignore[reportUnknownVariableType]
        dtype, shape = parts.get("dtype"), parts.get("shape")
        if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
            raise WireError("dtype", "rows.dtype", f"is {dtype!r}; known are {', '.join(DTYPE_BYTES)}")
        count, width = self._shape(shape)
        data = blob(parts.get("data"), "rows.data")
        if len(data) != count * width * DTYPE_BYTES[dtype]:
            raise WireError(
                "shape", "rows.data", f"has {len(data)} bytes, {dtype} of {count} x {width} needs {count * width * DTYPE_BYTES[dtype]}"
            )
        if not rows_finite(dtype, data):
            raise WireError("not_finite", "rows.data", "holds NaN or infinity")
        return Rows(dtype=msgspec.convert(dtype, Dtype), shape=(count, width), data=data, model=self._rows_model(parts.get("model")))

    def _rows_model(self, model: Any) -> str:
        if not isinstance(model, str):
            raise WireError("type", "rows.model", "must be text: the digest that `status` names as digests.rows")
        if model != self.model:
            raise WireError("model", "rows.model", f"is {model[:64]!r}, the resident model's rows are {self.model!r}")
        return model

    def _shape(self, shape: Any) -> tuple[int, int]:
        pair: list[Any] = list(shape) if isinstance(shape, (list, tuple)) else []  # pyright: ignore[reportUnknownArgumentType]
        if len(pair) != 2 or any(type(n) is not int or n < 1 for n in pair):  # noqa: PLR2004
            raise WireError("shape", "rows.shape", "must be two positive numbers: rows and width")
        if pair[0] > self.settings.max_rows:
            raise WireError("too_big", "rows.shape", f"has {pair[0]} rows, the most is {self.settings.max_rows}")
        if pair[1] != self.width:
            known = f"the resident model takes {self.width}" if self.width else "the resident model is not awake yet"
            raise WireError("shape", "rows.shape", f"has width {pair[1]}, {known}")
        return pair[0], pair[1]


def _name(message: dict[str, Any], field: str, *, default: str | None = None) -> str:
    value = message.get(field, default)
    if value is None:
        raise WireError("missing", field, "is missing")
    if not isinstance(value, str) or not 0 < len(value) <= _NAME or not value.isprintable():
        raise WireError("type", field, f"must be printable text of 1 to {_NAME} characters")
    return value


def _finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def rows_finite(dtype: str, data: bytes) -> bool:
    """Whether no number in `data` is NaN or infinite: the exponent bits are not all ones."""
    form, exponent = _EXPONENTS[dtype]
    return all(word & exponent != exponent for (word,) in struct.iter_unpack(form, data))
