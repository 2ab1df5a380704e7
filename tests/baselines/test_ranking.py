"""Top-k of a block of users, against one user at a time in plain Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recdata.baselines._output import _groups
from recdata.baselines._ranking import Lists, best, first


def plain_best(scores, k):
    """Return (user, item) rows by sorting each user's columns."""
    rows = []
    for user, line in enumerate(scores):
        kept = [item for item in range(len(line)) if line[item] > -np.inf]
        rows += [(user, item) for item in sorted(kept, key=lambda item: (-line[item], item))[:k]]
    return rows


def pairs(lists):
    return list(zip(lists.user.tolist(), lists.item.tolist(), strict=True))


# Few different values, so that cuts fall inside ties; -inf is what masking leaves.
values = st.sampled_from([-np.inf, 0.0, 0.5, 1.0, 2.0])
matrices = st.integers(1, 8).flatmap(
    lambda width: st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(matrices, st.integers(1, 10))
def test_best_is_a_sort_by_score_then_column(rows, k):
    scores = np.array(rows)
    assert pairs(best(scores, k)) == plain_best(scores, k)


@given(
    st.integers(1, 5),
    st.integers(1, 8),
    st.sets(st.tuples(st.integers(0, 4), st.integers(0, 7))),
    st.integers(1, 10),
)
def test_first_is_best_of_falling_scores(users, items, masked, k):
    masked = [(user, item) for user, item in masked if user < users and item < items]
    scores = np.tile(-np.arange(items, dtype=float), (users, 1))
    for pair in masked:
        scores[pair] = -np.inf
    places = np.array(masked, dtype=np.int64).reshape(-1, 2)
    places = np.concatenate([places, places[::-2]])  # in any order, some of them twice
    assert pairs(first(users, items, Lists(places[:, 0], places[:, 1]), k)) == plain_best(scores, k)


@given(st.lists(st.integers(0, 3 << 20)))
def test_groups_cover_all_users_in_order(sizes):
    groups = [group.tolist() for group in _groups(np.arange(len(sizes)), np.array(sizes, dtype=np.int64))]
    assert [user for group in groups for user in group] == list(range(len(sizes)))
    assert all(group and sum(sizes[user] for user in group[:-1]) <= 1 << 22 for group in groups)
