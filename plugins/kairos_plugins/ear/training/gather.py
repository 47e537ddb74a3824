"""Recordings that the ear learns from and is judged by, out of Debian's packages: fetched, unpacked, 16 kHz mono, one folder a source.

    python -m kairos_plugins.ear.training.gather OUT          needs a Debian or Ubuntu system, `apt-get` and `ffmpeg`

A source is in one split alone, so that no voice and no room is judged that was learnt from. Nothing of it is part of this
project; licences are each package's own. Spoken ones by synthesis come from `voices`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple

from kairos.api import KairosError
from kairos_plugins.ear.filters import RATE
from kairos_plugins.ear.training.voices import Split

Kind = Literal["speech", "noise"]
_SOUNDS: Final = (".ogg", ".oga", ".wav", ".flac", ".g722", ".gsm")
_RAW: Final = {".g722": ("-f", "g722"), ".gsm": ("-f", "gsm")}
_NO_VOICE: Final = ("beep", "tone", "silence")
_MOST: Final = {"speech": 220, "noise": 400}
_LONGEST_S: Final = {"speech": 30, "noise": 120}
_FEWEST: Final = 15
"""Files from which a group within a package is a source."""
_STAMP: Final = re.compile(r"_desc(?:_(?P<language>[a-zA-Z_]+))?\.ogg$")
_ROLE: Final = re.compile(r"^[^-]+-(?P<role>[mv])-")
"""The two fish that speak most."""


class Source(NamedTuple):
    """A package, what is in it, and which split each of its speakers belongs to: by language, or all of it under ``."""

    package: str
    kind: Kind
    splits: dict[str, Split]


_CHILDREN: Final[dict[str, Split]] = {
    "da": "train", "de": "train", "en": "train", "gl": "train", "lt": "train", "sr": "train", "sr@ijekavian": "train",
    "sr@ijekavianlatin": "train", "sr@latin": "train", "ca": "test", "el": "test", "ru": "test", "sl": "test", "uk": "test", "wa": "test",
}  # fmt: skip
SOURCES: Final = (
    Source("asterisk-core-sounds-en-g722", "speech", {"": "train"}),
    Source("asterisk-core-sounds-es-g722", "speech", {"": "train"}),
    Source("asterisk-core-sounds-ru-g722", "speech", {"": "valid"}),
    Source("asterisk-core-sounds-fr-g722", "speech", {"": "test"}),
    Source("asterisk-core-sounds-it-g722", "speech", {"": "test"}),
    Source("asterisk-prompt-es-co", "speech", {"": "test"}),
    Source("asterisk-prompt-fr-armelle", "speech", {"": "test"}),
    Source("asterisk-prompt-it-menardi-wav", "speech", {"": "test"}),
    Source("tuxpaint-stamps-default", "speech", {"*": "train", "el": "valid", "ca": "valid"}),
    Source("tuxpaint-stamps-default", "noise", {"": "train"}),
    Source("ktuberling-data", "speech", _CHILDREN),
    Source("fillets-ng-data-cs", "speech", {"*": "train"}),
    Source("fillets-ng-data-nl", "speech", {"*": "train"}),
    Source("fillets-ng-data", "noise", {"": "train"}),
    Source("bucklespring-data", "noise", {"": "train"}),
    Source("heroes-sound-effects", "noise", {"": "train"}),
    Source("frozen-bubble-data", "noise", {"": "train"}),
    Source("amoebax-data", "noise", {"": "train"}),
    Source("extremetuxracer-data", "noise", {"": "train"}),
    Source("btanks-data", "noise", {"": "train"}),
    Source("freedroid-data", "noise", {"": "train"}),
    Source("wesnoth-1.16-data", "noise", {"": "train"}),
    Source("supertux-data", "noise", {"": "train"}),
    Source("minetest-data", "noise", {"": "valid"}),
    Source("asterisk-moh-opsound-g722", "noise", {"": "test"}),
    Source("oxygen-sounds", "noise", {"": "test"}),
    Source("sound-theme-freedesktop", "noise", {"": "test"}),
    Source("sound-icons", "noise", {"": "test"}),
    Source("pingus-data", "noise", {"": "test"}),
)


def groups(source: Source, files: Sequence[Path]) -> dict[tuple[Split, str], list[Path]]:
    """The package's sound files by split and by the name of the source within it; those of no split are left out."""
    found: defaultdict[tuple[Split, str], list[Path]] = defaultdict(list)
    for path in sorted(files):
        if path.suffix not in _SOUNDS or (source.kind == "speech" and any(word in f"{path.parent.name}/{path.name}" for word in _NO_VOICE)):
            continue
        group = _group(source, path)
        split = None if group is None else source.splits.get(group) or (source.splits.get("*") if group else None)
        if split is not None:
            found[split, f"{source.package}{f'-{group}' if group else ''}"].append(path)
    return {key: paths for key, paths in found.items() if len(paths) >= _FEWEST or not key[1].removeprefix(source.package)}


def _group(source: Source, path: Path) -> str | None:
    """The speaker's language where a package has several, else empty; None for what is of the other kind."""
    if source.package == "tuxpaint-stamps-default":
        stamp = _STAMP.search(path.name)
        if source.kind == "noise":
            return None if stamp else ""
        return (stamp["language"] or "en") if stamp else None
    if source.package == "fillets-ng-data":
        return "" if path.parent.name == "music" else None
    if source.package.startswith("fillets-ng-data-"):
        role = _ROLE.search(path.stem)
        return role["role"] if role else "others"
    return path.parent.name if source.package == "ktuberling-data" else ""


def _jobs(source: Source, unpacked: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    for (split, name), paths in groups(source, files).items():
        Random(name).shuffle(paths)  # noqa: S311 - which files, no secret
        for number, path in enumerate(paths[: _MOST[source.kind]]):
            yield path, out / source.kind / split / name / f"{number:04d}.wav"


def _convert(job: tuple[Path, Path], longest_s: int) -> None:
    given, made = job
    made.parent.mkdir(parents=True, exist_ok=True)
    how = ["-ac", "1", "-ar", str(RATE), "-t", str(longest_s), "-c:a", "pcm_s16le"]
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", *_RAW.get(given.suffix, ()), "-i", str(given), *how, str(made)]
    subprocess.run(argv, check=False)


def main() -> None:
    """Fetch and convert what is not there yet; a package that cannot be had is named and left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    for program in ("apt-get", "dpkg", "ffmpeg"):
        if shutil.which(program) is None:
            raise KairosError(f"{program} is not installed; these recordings come out of Debian's packages")
    for source in SOURCES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            subprocess.run(["apt-get", "download", source.package], cwd=folder, check=False, capture_output=True)
            for package in folder.glob("*.deb"):
                subprocess.run(["dpkg", "-x", str(package), str(folder / "x")], check=True)
            jobs = list(_jobs(source, folder / "x", args.out))
            with ThreadPoolExecutor() as pool:
                list(pool.map(partial(_convert, longest_s=_LONGEST_S[source.kind]), jobs))
            sys.stdout.write(f"{source.package}: {len(jobs)} {source.kind}\n")


if __name__ == "__main__":
    main()
