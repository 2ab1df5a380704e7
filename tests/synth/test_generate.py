"""The generated corpus: the same content everywhere, and the three factors to be seen in it."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from recdata.errors import InputError
from recdata.schema.kinds import KINDS
from recdata.sources.cards import load_card
from recdata.synth.generate import EXTRA, generate
from recdata.synth.mixture import Component
from recdata.synth.parameters import Parameters, parameters

# The content of synth-small: a change here is another corpus and needs another version of its card.
CONTENT = "739e1924ff73ee8ef3656471c438f231853f400de8c4250f4695e7a883696b00"


def content(tables):
    """Return the SHA-256 of the values of tables, independent of how Arrow lays them out."""
    digest = hashlib.sha256()
    for kind in sorted(tables):
        for name in tables[kind].column_names:
            values = tables[kind].column(name).to_pylist()
            digest.update(json.dumps([kind, name, values], default=str).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def tables():
    return generate(Parameters())


@pytest.fixture(scope="module")
def frames(tables):
    return {kind: table.to_pandas() for kind, table in tables.items()}


def test_same_content_twice(tables):
    assert content(tables) == CONTENT
    assert content(generate(Parameters())) == CONTENT


def test_same_content_in_another_process(tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_generate import *;"
        "print(content(generate(Parameters())))"
    )
    environment = {**os.environ, "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    here = os.path.dirname(__file__)  # noqa: PTH120
    run = subprocess.run(
        [sys.executable, "-c", script, here],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == CONTENT


def test_another_seed_is_another_corpus():
    small = {"users": 20, "items": 100, "engagement": (Component(1, "uniform", 5, 20),)}
    assert content(generate(Parameters(seed=1, **small))) != content(generate(Parameters(seed=2, **small)))


def test_tables_have_the_canonical_schema(tables):
    assert sorted(tables) == ["interactions", "items", "users"]
    for kind, table in tables.items():
        assert table.schema.equals(KINDS[kind].with_extra(EXTRA.get(kind, ())).arrow_schema())
        for field in table.schema:
            assert field.nullable or table.column(field.name).null_count == 0


def test_sizes(tables):
    assert tables["users"].num_rows == 1_000
    assert tables["items"].num_rows == 1_500
    assert 20_000 < tables["interactions"].num_rows < 100_000


def test_keys(frames):
    interactions = frames["interactions"]
    assert not interactions.duplicated(["user_id", "item_id"]).any()
    assert interactions["timestamp"].is_monotonic_increasing
    assert set(interactions["user_id"]) == set(frames["users"]["user_id"])
    assert set(interactions["item_id"]) <= set(frames["items"]["item_id"])
    assert frames["items"]["item_id"].is_unique


def test_every_user_has_at_least_five_interactions(frames):
    assert frames["interactions"].groupby("user_id").size().min() >= 5


def test_time_is_two_years_and_users_have_windows(frames):
    moments = frames["interactions"]["timestamp"]
    assert moments.min().isoformat() >= "2022-01-01"
    assert moments.max().isoformat() < "2024-01-01"
    spans = frames["interactions"].groupby("user_id")["timestamp"].agg(lambda t: (t.max() - t.min()).days)
    assert spans.median() < 365 < spans.max() <= 700


def test_ratings_are_one_to_five_and_higher_in_the_own_community(frames):
    joined = frames["interactions"].merge(frames["users"]).merge(frames["items"])
    assert set(joined["rating"]) == {1.0, 2.0, 3.0, 4.0, 5.0}
    own = np.array(
        [c in categories for c, categories in zip(joined["community"], joined["categories"], strict=True)]
    )
    assert joined["rating"][own].mean() > joined["rating"][~own].mean() + 1


def test_communities_adopt_similar_items(frames):
    joined = frames["interactions"].merge(frames["users"]).merge(frames["items"])
    own = np.mean([c in cats for c, cats in zip(joined["community"], joined["categories"], strict=True)])
    # What it would be by chance: the mean over communities of the share of interactions with their items.
    exploded = joined["categories"].explode().value_counts() / len(joined)
    assert exploded.mean() < 0.25
    assert own > 0.6

    # Two users of one community share more of what they took (cosine) than two of different ones.
    taken = (
        frames["interactions"]
        .assign(one=1.0)
        .pivot(index="user_id", columns="item_id", values="one")
        .fillna(0)
    )
    vectors = taken.to_numpy() / np.sqrt(taken.to_numpy().sum(axis=1, keepdims=True))
    cosine = vectors @ vectors.T
    community = frames["users"].set_index("user_id")["community"].loc[taken.index].to_numpy()
    same = community[:, None] == community[None, :]
    np.fill_diagonal(cosine, np.nan)
    assert np.nanmean(cosine[same]) > 2 * np.nanmean(cosine[~same])


def test_popularity_has_a_heavy_tail(frames):
    counts = frames["interactions"].groupby("item_id").size().sort_values(ascending=False)
    assert counts.iloc[: len(counts) // 10].sum() > 0.3 * counts.sum()
    assert counts.max() > 10 * counts.median()


def test_engagement_has_a_heavy_tail(frames):
    counts = frames["interactions"].groupby("user_id").size()
    assert counts.max() > 5 * counts.median()
    assert counts.median() < counts.mean()


def test_the_card_states_the_defaults():
    card = load_card("synth-small")
    assert parameters(card.options, "card") == Parameters()
    assert {kind: card.extra_columns(kind) for kind in EXTRA} == EXTRA


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user": 3}, "there is no parameter 'user'"),
        ({"users": "3"}, "here.users: expected a whole number, not '3'"),
        ({"window": [{"weight": 1}]}, "here.window: expected a mapping of weight, shape, low, high"),
        ({"window": [3]}, "here.window: expected a mapping"),
    ],
)
def test_options_that_are_no_parameters_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        parameters(options, "here")


@pytest.mark.parametrize(
    "wrong",
    [
        {"users": 0},
        {"shared": 101},
        {"items": 100},  # engagement goes up to 400
        {"days": 30},  # windows go up to 700
        {"affinity": 1_000},  # weights beyond 32 bits
        {"days": 30_000},
    ],
)
def test_parameters_that_contradict_are_refused(wrong):
    with pytest.raises(InputError):
        Parameters(**wrong)
