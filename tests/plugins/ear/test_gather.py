"""Sources of recordings: each in one split alone, by package and, where a package has several speakers, by language."""

from __future__ import annotations

from pathlib import Path

import pytest

from kairos_plugins.ear.training.gather import SOURCES, groups

BY = {(source.package, source.kind): source for source in SOURCES}


def test_no_package_of_one_kind_is_listed_twice():
    assert len(BY) == len(SOURCES)


def test_a_whole_package_is_one_source():
    found = groups(BY["wesnoth-1.16-data", "noise"], [Path("x/a.ogg"), Path("x/b.wav"), Path("x/readme.txt")])

    assert found == {("train", "wesnoth-1.16-data"): [Path("x/a.ogg"), Path("x/b.wav")]}


@pytest.mark.parametrize(("language", "split"), [("fr", "train"), ("el", "valid"), ("ca", "valid")])
def test_stamps_are_parted_by_language_and_their_sounds_are_noise(language, split):
    spoken = [Path(f"stamp{number}_desc_{language}.ogg") for number in range(20)]
    sounds = [Path(f"bark{number}.ogg") for number in range(20)]

    assert list(groups(BY["tuxpaint-stamps-default", "speech"], spoken + sounds)) == [(split, f"tuxpaint-stamps-default-{language}")]
    assert groups(BY["tuxpaint-stamps-default", "noise"], spoken + sounds) == {("train", "tuxpaint-stamps-default"): sorted(sounds)}


def test_a_language_of_no_split_and_one_with_few_files_are_left_out():
    few, unknown = ([Path(f"{name}/{number}.ogg") for number in range(count)] for name, count in (("de", 3), ("xx", 30)))

    assert groups(BY["ktuberling-data", "speech"], [*few, *unknown]) == {}


def test_tones_and_silence_are_no_speech():
    found = groups(BY["asterisk-core-sounds-en-g722", "speech"], [Path("a/beep.g722"), Path("silence/1.g722"), Path("a/hello.g722")])

    assert found == {("train", "asterisk-core-sounds-en-g722"): [Path("a/hello.g722")]}


def test_spoken_dialogue_is_parted_by_role_and_its_music_is_noise():
    spoken = [Path(f"start/cs/1st-{role}-{number}.ogg") for role in ("m", "v", "krab") for number in range(20)]
    music = [Path("music/menu.ogg"), Path("elk/en/los-x-fik.ogg")]

    found = groups(BY["fillets-ng-data-cs", "speech"], spoken)

    assert sorted(name for _, name in found) == [f"fillets-ng-data-cs-{role}" for role in ("m", "others", "v")]
    assert groups(BY["fillets-ng-data", "noise"], music) == {("train", "fillets-ng-data"): music[:1]}
