"""Driver `fixed_point`: the port behind which the arithmetic lies."""

from __future__ import annotations

from pathlib import Path

from kairos_drivers.gna import network, vectors


class Gna:
    """`FixedPoint` in numpy."""

    def load(self, path: Path) -> network.Network:
        """The model in a file; raises `KairosError` naming the limit it breaks."""
        return network.load(path)

    def verify(self, folder: Path | None = None) -> tuple[int, list[str]]:
        """Run the golden vectors of `folder` (ours, if None): how many, and the names of those that differ."""
        return vectors.differing(folder or vectors.SHIPPED)
