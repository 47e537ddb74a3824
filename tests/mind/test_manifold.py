"""Latent rows are held against the vocabulary: read back as words, refused where they lie far from all of them."""

from __future__ import annotations

import pytest
import torch

from kairos.errors import RowsRefused
from kairos.events import Rows
from kairos.mind.manifold import Manifold, rows_digest


@pytest.fixture
def table():
    return torch.randn(300, 48, generator=torch.Generator().manual_seed(1))


def _rows(rows, model):
    return Rows(dtype="f32", shape=tuple(rows.shape), data=rows.numpy().tobytes(), model=model)


def test_rows_of_words_read_as_those_words_at_no_distance(table):
    manifold = Manifold(table, farthest=0.1)

    ids, distance = manifold.read(_rows(table[[7, 250, 7]], manifold.digest))

    assert ids == [7, 250, 7]
    assert distance < 1e-5


def test_their_length_does_not_matter(table):
    manifold = Manifold(table, farthest=0.1)

    assert manifold.read(_rows(3 * table[[9]], manifold.digest))[0] == [9]


def test_a_row_far_from_every_word_is_refused_with_the_setting_that_allows_it(table):
    manifold = Manifold(table, farthest=0.1)

    with pytest.raises(RowsRefused, match="latent_distance"):
        manifold.read(_rows(torch.cat([table[[7]], torch.randn(1, 48, generator=torch.Generator().manual_seed(2))]), manifold.digest))


def test_rows_of_another_model_are_refused_by_name(table):
    with pytest.raises(RowsRefused, match="somebody"):
        Manifold(table, farthest=2).read(_rows(table[[7]], "somebody"))


def test_the_digest_is_the_embeddings_whatever_dtype_it_is_loaded_in(table):
    assert rows_digest(table) == rows_digest(table.to(torch.bfloat16))
    assert rows_digest(table) != rows_digest(table + 0.1)
