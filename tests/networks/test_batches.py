"""Every pass shows every row once, in batches of one size."""

from __future__ import annotations

import itertools

import pytest
import torch

from ensemble_kd.networks.training._plan import batches_of


@pytest.mark.parametrize(("n_rows", "batch_size"), [(9001, 450), (20, 20), (7, 100), (1025, 1024)])
def test_batches_of_a_pass_are_of_one_size_but_for_a_row(n_rows, batch_size):
    n_batches = -(-n_rows // batch_size)
    batches = list(itertools.islice(batches_of(n_rows, batch_size, 0), 2 * n_batches))
    sizes = {len(batch) for batch in batches}
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    for half in (batches[:n_batches], batches[n_batches:]):
        assert torch.cat(half).sort().values.tolist() == list(range(n_rows))


def test_rows_that_count_by_now_are_cut_evenly_too():
    some = torch.arange(0, 902, 2)
    batches = list(itertools.islice(batches_of(902, 450, 0, lambda: some), 2))
    assert [len(batch) for batch in batches] == [226, 225]
    assert torch.cat(batches).sort().values.tolist() == some.tolist()
