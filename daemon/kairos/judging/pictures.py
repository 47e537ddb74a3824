"""Pictures of a gate of judgement, from its report: precision against recall, and how far probabilities can be trusted.

    kairos gate tape-1000 --json | tail -1 | python -m kairos.judging.pictures docs/pictures

SVG by hand: two plots of a few lines do not need a plotting library in anybody's installation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_SIZE: Final = 320
_EDGE: Final = 44
_COLOURS: Final = {"kairos": "#1f5fa8", "bag_of_words": "#b5651d", "severity": "#8a8a8a"}
Points = Sequence[tuple[float, float]]


def plot(title: str, across: str, up: str, lines: Mapping[str, Points], *, diagonal: bool = False, dots: bool = False) -> str:
    """One square plot of [0, 1] x [0, 1] as SVG."""
    size = _SIZE + 2 * _EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" font-family="sans-serif" font-size="12">',
        f'<rect width="{size}" height="{size}" fill="white"/>',
        f'<text x="{size / 2}" y="20" text-anchor="middle" font-size="14">{title}</text>',
        f'<text x="{size / 2}" y="{size - 8}" text-anchor="middle">{across}</text>',
        f'<text x="14" y="{size / 2}" text-anchor="middle" transform="rotate(-90 14 {size / 2})">{up}</text>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _place(tick, tick)
        parts.append(f'<path d="M{x} {_EDGE}V{_EDGE + _SIZE}M{_EDGE} {y}H{_EDGE + _SIZE}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{_EDGE + _SIZE + 15}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{_EDGE - 5}" y="{y + 4}" text-anchor="end">{tick:g}</text>')
    if diagonal:
        parts.append(f'<path d="M{_EDGE} {_EDGE + _SIZE}L{_EDGE + _SIZE} {_EDGE}" stroke="#999" stroke-dasharray="4"/>')
    for row, (name, points) in enumerate(lines.items()):
        colour = _COLOURS.get(name, "black")
        places = [_place(*point) for point in points]
        path = "L".join(f"{x} {y}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>' for x, y in places if dots]
        parts.append(f'<text x="{_EDGE + 10}" y="{_EDGE + _SIZE - 12 - 16 * row}" fill="{colour}">{name.replace("_", " ")}</text>')
    return "\n".join([*parts, "</svg>\n"])


def draw(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Both pictures of a report of `gate tape-1000`; returns where they are."""
    config = report["config"]
    lines = {"kairos": config["precision_recall"], **config["precision_recall_rivals"]}
    trusted = {"kairos": [(p, share) for p, share, _ in config["reliability"]]}
    pictures = {
        "precision-recall.svg": plot("Unseen domains and styles", "recall", "precision", lines),
        "reliability.svg": plot("What a probability is worth", "probability said", "share that was so", trusted, diagonal=True, dots=True),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures.items():
        (folder / name).write_text(svg, "utf-8")
    return [folder / name for name in pictures]


def _place(x: float, y: float) -> tuple[float, float]:
    return round(_EDGE + x * _SIZE, 1), round(_EDGE + (1 - y) * _SIZE, 1)


if __name__ == "__main__":
    draw(json.loads(sys.stdin.read()), Path(sys.argv[1]))
