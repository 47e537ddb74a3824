"""Two voice detectors people use, on the grid of 10 ms the ear is judged on: `make bench-peers` installs them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kairos_plugins.ear.training.scenes import CELL

_CHUNK: Final = 512
_CONTEXT: Final = 64


class Silero:
    """Silero VAD by onnxruntime on one thread, 32 ms at a time, its state and the 4 ms before carried along."""

    def __init__(self) -> None:
        onnxruntime: Any = import_module("onnxruntime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        spec = find_spec("silero_vad")
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin).parent / "data" / "silero_vad.onnx"
        self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._rate = np.array(16_000, np.int64)

    def scores(self, samples: NDArray[np.int16]) -> NDArray[np.float64]:
        """One a cell; a chunk's score holds for all cells it began, and the last one's to the end."""
        state, before, found = np.zeros((2, 1, 128), np.float32), np.zeros(_CONTEXT, np.float32), list[float]()
        for start in range(0, len(samples) - _CHUNK + 1, _CHUNK):
            chunk = samples[start : start + _CHUNK].astype(np.float32) / 32768
            given = {"input": np.concatenate([before, chunk])[None], "state": state, "sr": self._rate}
            out, state = self._session.run(None, given)
            before = chunk[-_CONTEXT:]
            found.append(float(out[0, 0]))
        cells = np.arange(len(samples) // CELL) * CELL // _CHUNK
        return np.array(found)[np.minimum(cells, len(found) - 1)]


class WebRtc:
    """WebRTC's detector in all four modes, 10 ms at a time: how many of them hear speech."""

    def __init__(self) -> None:
        self._make: Any = import_module("webrtcvad").Vad

    def scores(self, samples: NDArray[np.int16]) -> NDArray[np.float64]:
        """One a cell, 0 to 4."""
        modes = [self._make(mode) for mode in range(4)]
        cells = [samples[start : start + CELL].tobytes() for start in range(0, len(samples) - CELL + 1, CELL)]
        return np.array([sum(mode.is_speech(cell, 16_000) for mode in modes) for cell in cells], np.float64)
