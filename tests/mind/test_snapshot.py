"""Ring 1 on disk: warm where everything fits, refused by name where anything differs, whole through a kill."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from kairos.errors import SnapshotRefused
from kairos.events import Frame
from kairos.gates.families import SLIDING, build
from kairos.mind.reflex import Reflex
from kairos.mind.seam import Session
from kairos.mind.snapshot import RingFile, fingerprint

MADE_BY = {"weights": "aa", "layers": "bb"}
LIVED = ["one", "two"]
KEY = b"k" * 32


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ring1.safetensors"


@pytest.fixture
def lived(tiny_model):
    session = Session(tiny_model, max_positions=256)
    session.prefill(range(20))
    session.commit()
    session.prefill([5, 6, 7])
    return session


@pytest.fixture
def written(path, lived):
    assert RingFile(path, key=KEY, made_by=MADE_BY).write(lived, 23, LIVED)
    return path


def _fresh(model, **sizes):
    session = Session(model, **({"max_positions": 256} | sizes))
    session.prefill(range(20))
    session.commit()
    return session


def _restore(path, session, *, key=KEY, made_by=MADE_BY, lived=LIVED):
    return RingFile(path, key=key, made_by=made_by).restore(session, lived)


def test_what_was_written_is_lived_again_to_the_byte(written, lived, tiny_model):
    session = _fresh(tiny_model)

    assert _restore(written, session, lived=[*LIVED, "three"]) == 2
    assert session.pos == 23
    assert torch.equal(session.prefill([9, 8]), lived.prefill([9, 8]))


@pytest.mark.parametrize("family", SLIDING)
def test_a_wrapped_window_comes_back_and_can_be_rewound_to_where_it_was(family, path):
    model = build(family)
    first, second = (Session(model, max_positions=300, slack=40) for _ in range(2))
    for session, chunks in ((first, 12), (second, 1)):
        for _ in range(chunks):
            session.prefill([3, 4, 5, 6, 7, 8, 9])
            session.commit()
    RingFile(path, key=KEY, made_by=MADE_BY).write(first, first.pos, LIVED)

    _restore(path, second)
    here = second.pos
    second.prefill([11, 12, 13])
    second.rewind(here)

    assert torch.equal(second.prefill([9, 8]), first.prefill([9, 8]))


def test_a_frame_on_trial_is_not_part_of_it(path, lived, tiny_model):
    lived.prefill([1, 2, 3])
    RingFile(path, key=KEY, made_by=MADE_BY).write(lived, 23, LIVED)
    lived.rewind(23)
    session = _fresh(tiny_model)
    _restore(path, session)

    assert torch.equal(session.prefill([9]), lived.prefill([9]))


def test_it_is_written_only_if_something_moved(written, lived):
    file = RingFile(written, key=KEY, made_by=MADE_BY)

    assert file.write(lived, 23, LIVED)
    assert not file.write(lived, 23, LIVED)
    assert file.write(lived, 20, LIVED[:1])


def test_no_file_is_a_cold_start_and_no_error(path, tiny_model):
    assert _restore(path, _fresh(tiny_model)) == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"made_by": {**MADE_BY, "weights": "zz"}}, "another weights"),
        ({"made_by": {**MADE_BY, "adapter": "zz"}}, "another adapter"),
        ({"made_by": {"weights": "aa"}}, "another layers"),
        ({"lived": ["two"]}, "other frames"),
        ({"lived": ["one"]}, "other frames"),
        ({"key": b"x" * 32}, "seal"),
    ],
)
def test_what_differs_is_named_and_nothing_is_touched(written, tiny_model, change, named):
    session = _fresh(tiny_model)
    with pytest.raises(SnapshotRefused, match=named):
        _restore(written, session, **change)
    assert session.pos == 20


def _rewrite(path, change):
    with safe_open(path, framework="pt") as file:
        metadata, blocks = dict(file.metadata()), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(metadata, blocks)
    save_file(blocks, path, metadata=metadata)


def test_a_changed_block_is_named(written, tiny_model):
    _rewrite(written, lambda _, blocks: blocks["1.v"].view(-1)[3:4].add_(1e-6))

    with pytest.raises(SnapshotRefused, match=r"block 1\.v"):
        _restore(written, _fresh(tiny_model))


def test_a_header_changed_along_with_its_block_breaks_the_seal(written, tiny_model):
    def forge(metadata, _):
        manifest = json.loads(metadata["manifest"])
        metadata["manifest"] = json.dumps(manifest | {"pos": 22})

    _rewrite(written, forge)

    with pytest.raises(SnapshotRefused, match="seal"):
        _restore(written, _fresh(tiny_model))


@pytest.mark.parametrize("keep", [0, 7, 200, -1])
def test_a_cut_file_is_refused(written, tiny_model, keep):
    whole = written.read_bytes()
    written.write_bytes(whole[:keep])

    with pytest.raises(SnapshotRefused):
        _restore(written, _fresh(tiny_model))


def test_a_ring_too_small_for_it_is_refused(written, tiny_model):
    with pytest.raises(SnapshotRefused, match="Ring 1 has 22"):
        _restore(written, _fresh(tiny_model, max_positions=22))


def _reflex(model, encoder):
    session = Session(model, max_positions=1200)
    return Reflex(session, encoder, actuators=["log"], threshold=1e9, answer_tokens=12, dtype=torch.float32, device="cpu")


def test_a_reflex_starts_warm_and_lives_only_what_is_newer(path, tiny_model, encoder):
    history = [(Frame(kind="text", source="s", text=text), f"log {text}") for text in ("a", "b", "c")]
    file = RingFile(path, key=KEY, made_by=MADE_BY)
    first = _reflex(tiny_model, encoder)
    first.restore(history[:2])
    first.judge(Frame.idle())
    assert first.save(file)
    first.rewind()
    first.restore(history[2:])
    second = _reflex(tiny_model, encoder)

    assert second.restore(history, RingFile(path, key=KEY, made_by=MADE_BY)) == 2
    assert second.anchor == first.anchor
    assert second.judge(Frame.idle()).margin == first.judge(Frame.idle()).margin


def test_a_refused_snapshot_is_a_cold_start_with_the_same_verdicts(path, tiny_model, encoder):
    history = [(Frame(kind="text", source="s", text="a"), "log a")]
    path.write_bytes(b"rubbish")
    first, second = (_reflex(tiny_model, encoder) for _ in range(2))
    first.restore(history)

    assert second.restore(history, RingFile(path, key=KEY, made_by=MADE_BY)) == 0
    assert second.judge(Frame.idle()).margin == first.judge(Frame.idle()).margin


def test_two_answers_to_one_frame_are_two_fingerprints():
    frame = Frame(kind="text", source="s", text="a")

    assert fingerprint(frame, "log a") != fingerprint(frame, "log b")
