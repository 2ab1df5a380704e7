"""Baselines that learn: against plain computations by hand, the same each time, and where they cannot be used."""

import itertools

import numpy as np
import pyarrow.parquet as pq
import pytest
from handmade import RATING, make_task

from recdata import baselines
from recdata.baselines import _tune, ease
from recdata.baselines._base import rounded
from recdata.baselines._card import card
from recdata.errors import InputError
from recdata.schema.documents import check

pytest.importorskip("scipy")
pytest.importorskip("implicit")

USERS = [f"u{n}" for n in range(20)]
ITEMS = [f"i{n}" for n in range(9)]


def rows(n):
    """Return user n's items in order, with ratings: some structure, no two users alike."""
    return [
        (USERS[n], ITEMS[(n + step * (1 + n % 3)) % 9], 1.0 + (n + step) % 5) for step in range(3 + n % 3)
    ]


@pytest.fixture
def task(tmp_path):
    parts = {"train": [], "valid": [], "test": []}
    for n in range(len(USERS)):
        own = list(dict.fromkeys(rows(n)))
        parts["train"] += own[:-2]
        parts["valid"].append(own[-2][:2])
        parts["test"].append(own[-1][:2])
    return make_task(tmp_path / "task", **parts, items=ITEMS)


@pytest.fixture
def keep(tmp_path):
    """A task in which what a user had counts."""
    train = [("a", item) for item in "xxyz"] + [("b", item) for item in "zzyw"]
    test = [("a", "x"), ("b", "z")]
    return make_keep(tmp_path, train, test)


def make_keep(tmp_path, train, test):
    task = make_task(tmp_path / "keep", train=train, test=test)
    task.manifest["protocol"]["candidates"] = {"full": {"seen": "keep"}}
    return task


@pytest.fixture
def rating(tmp_path):
    train = [row for n in range(len(USERS)) for row in rows(n)[:-1]]
    test = [rows(n)[-1] for n in range(len(USERS))]
    return make_task(tmp_path / "rating", train=train, test=test, items=ITEMS, **RATING)


def dense(task, part="train"):
    pairs = task.pairs(part)
    found = np.zeros((len(task.user_ids), len(task.item_ids)))
    found[pairs.user, pairs.item] = 1
    return found


def scores(name, task, part="test", **options):
    model = baselines.fit(name, task, **options)
    model.begin(part)
    users, items = np.arange(len(task.user_ids)), np.arange(len(task.item_ids))
    return model.score(users[:, None], items[None, :])


def test_ease_is_its_closed_form(task):
    train, history = dense(task), np.maximum(dense(task), dense(task, "valid"))
    inverse = np.linalg.inv(train.T @ train + 3.0 * np.eye(train.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    assert scores("ease", task, l2=3.0) == pytest.approx(history @ weights, rel=1e-5, abs=1e-9)


def test_the_inverse_is_made_in_blocks(monkeypatch):
    monkeypatch.setattr(ease, "_BLOCK", 7)
    root = np.random.default_rng(0).normal(size=(25, 40))
    matrix = root @ root.T + np.eye(25)
    swept = matrix.copy()
    ease.negative_inverse(swept)
    assert swept == pytest.approx(-np.linalg.inv(matrix))


def test_item_neighbours_are_shrunken_cosines(task):
    train, history = dense(task), np.maximum(dense(task), dense(task, "valid"))
    norm = np.sqrt(train.sum(axis=0))
    similar = (train.T @ train) / (np.outer(norm, norm) + 2.0)
    np.fill_diagonal(similar, 0)
    assert scores("item-knn", task, neighbours=100, shrink=2.0) == pytest.approx(history @ similar, rel=1e-5)


def test_neighbours_are_the_nearest(task):
    train = dense(task)
    norm = np.sqrt(train.sum(axis=0))
    similar = (train.T @ train) / np.outer(norm, norm)
    np.fill_diagonal(similar, 0)
    for row in similar:
        row[np.argsort(-row, kind="stable")[2:]] = 0
    history = np.maximum(train, dense(task, "valid"))
    found = scores("item-knn", task, neighbours=2, shrink=0.0)
    assert found == pytest.approx(history @ similar.T, rel=1e-5)


def test_user_neighbours(task):
    train, history = dense(task), np.maximum(dense(task), dense(task, "valid"))
    similar = (history @ train.T) / np.sqrt(np.outer(history.sum(axis=1), train.sum(axis=1)))
    np.fill_diagonal(similar, 0)
    assert scores("user-knn", task, neighbours=100, shrink=0.0) == pytest.approx(similar @ train, rel=1e-5)


def test_slim_minimises_what_it_says(task):
    from recdata.baselines._matrix import matrix
    from recdata.baselines.slim import slim_weights

    train = dense(task)
    weights = slim_weights(matrix(task.pairs("train"), task), 0.5, 1.0, 100, 500).toarray()
    assert (weights >= 0).all()
    assert not weights.diagonal().any()
    gradient = train.T @ (train @ weights - train) + weights
    common = train.T @ train > 0
    np.fill_diagonal(common, False)
    assert gradient[weights > 0] == pytest.approx(-0.5, abs=1e-2)
    assert (gradient[common & (weights == 0)] >= -0.5 - 1e-2).all()


def test_markov_chain_counts_what_follows(tmp_path):
    train = [("a", "p"), ("a", "q"), ("b", "p"), ("b", "q"), ("c", "p"), ("c", "r"), ("d", "o"), ("d", "p")]
    task = make_task(tmp_path / "t", train=train, test=[("d", "q")])
    found = scores("markov-chain", task)
    items = task.item_ids.to_pylist()
    last = dict(zip(items, np.floor(found[task.user_ids.to_pylist().index("d")]), strict=True))
    assert last == {"o": 0, "p": 0, "q": 2, "r": 1}


def test_repetition(keep):
    items = keep.item_ids.to_pylist()

    def order(name, user):
        row = scores(name, keep)[keep.user_ids.to_pylist().index(user)]
        return [items[place] for place in np.argsort(-row, kind="stable")]

    assert order("personal-frequency", "a")[0] == "x"
    assert order("personal-frequency", "b")[0] == "z"
    assert order("popularity-repeat", "a")[:3] == ["z", "x", "y"]
    last = scores("last-item", keep)[0]
    newest = [items[code] for code in keep.rows("train").item[keep.rows("train").user == 0]][-1]
    assert items[int(np.argmax(last))] == newest


@pytest.mark.parametrize("name", ["last-item", "personal-frequency", "popularity-repeat"])
def test_repetition_is_refused_where_it_cannot_be_right(name, task):
    with pytest.raises(InputError, match="repeats what a user had"):
        baselines.fit(name, task)


def test_recent_popularity_needs_times(tmp_path, task):
    assert scores("popularity-recent", task, share=1.0).shape == (20, 9)
    table = pq.read_table(task.folder / "train.parquet")
    place = table.column_names.index("timestamp")
    import pyarrow as pa

    nulls = pa.nulls(table.num_rows, table.schema.field(place).type)
    pq.write_table(table.set_column(place, "timestamp", nulls), task.folder / "train.parquet")
    with pytest.raises(InputError, match="has no times"):
        baselines.fit("popularity-recent", task)


def test_the_oracle_is_right_and_the_anti_oracle_wrong(task, rating):
    right, wrong = scores("oracle", task), scores("anti-oracle", task)
    truth = dense(task, "test")
    assert (right == truth).all()
    assert (wrong == -truth).all()
    rows_ = rating.rows("test")
    assert (scores("oracle", rating)[rows_.user, rows_.item] == rows_.rating).all()
    assert set(np.unique(scores("anti-oracle", rating)[rows_.user, rows_.item])) <= {1.0, 5.0}


def test_bias_is_damped(rating):
    found = scores("bias", rating, damp_user=1e12, damp_item=1e12)
    train = rating.rows("train").rating
    assert found == pytest.approx(train.mean(), rel=1e-5)
    rows_ = rating.rows("train")
    fitted = scores("bias", rating, damp_user=0.0, damp_item=0.0)[rows_.user, rows_.item]
    assert np.mean((fitted - rows_.rating) ** 2) < np.var(rows_.rating)


def test_svd_fits_what_biases_leave(rating):
    rows_ = rating.rows("train")
    errors = [
        np.mean((scores(name, rating, **options)[rows_.user, rows_.item] - rows_.rating) ** 2)
        for name, options in (("bias", {}), ("svd", {"factors": 3, "weight": 0.01}))
    ]
    assert errors[1] < errors[0] / 2


def every(task):
    return [
        name
        for name in baselines.suited(task)
        if "repeat" not in name
        and name not in ("last-item", "personal-frequency", "previous-items", "logistic-regression")
    ]


@pytest.mark.parametrize("kind", ["ranking", "rating"])
def test_each_is_the_same_each_time_and_in_any_blocks(kind, task, rating, tmp_path, monkeypatch):
    from recdata.baselines import _base, _output

    chosen = task if kind == "ranking" else rating
    for name in every(chosen):
        files = [tmp_path / f"{name}{n}.parquet" for n in range(3)]
        for path in files[:2]:
            baselines.run(name, chosen, path)
        with monkeypatch.context() as patch:
            patch.setattr(_output, "_CELLS", 20)
            patch.setattr(_base, "_USERS", 3)
            baselines.run(name, chosen, files[2])
        tables = [pq.read_table(path) for path in files]
        assert tables[0].equals(tables[1]), name
        assert tables[0].equals(tables[2]), name


def test_fixed_candidates_get_the_same_scores(task, tmp_path):
    full = scores("ease", task)
    model = baselines.fit("ease", task)
    model.begin("test")
    user, item = np.array([0, 0, 3, 7, 7]), np.array([1, 2, 2, 0, 8])
    assert (model.score(user, item) == full[user, item]).all()


def test_cards_are_valid_and_say_all_settings(task):
    for name in baselines.names():
        document = card(name, seed=3)
        check(document, "model", name)
        assert document["baseline"] == name
    assert card("ease")["parameters"] == {"l2": 250.0}


def test_grids_name_options_that_exist():
    import inspect

    for name in baselines.names():
        recommender = baselines.find(name)
        assert set(recommender.grid) <= set(inspect.signature(recommender.__init__).parameters)


def test_tuning_reads_the_validation_part_alone(task, tmp_path):
    options, tuning = _tune.tune("item-knn", task)
    path = task.folder / "test.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("item")
    pq.write_table(table.set_column(place, "item", table.column("item").take(list(range(20))[::-1])), path)
    assert (options, tuning) == _tune.tune("item-knn", task)
    grid = baselines.find("item-knn").grid
    assert [each["parameters"] for each in tuning["tried"]] == [
        dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
    ]
    best = max(each["mean"] for each in tuning["tried"])
    assert next(each["parameters"] for each in tuning["tried"] if each["mean"] == best) == options
    assert tuning["part"] == "valid"


def test_tuning_needs_a_grid_and_a_validation_part(task, rating):
    with pytest.raises(InputError, match="no settings to tune"):
        _tune.tune("popularity", task)
    with pytest.raises(InputError, match="no validation part"):
        _tune.tune("bias", rating)


def test_unknown_options_are_refused(task):
    with pytest.raises(InputError, match="baseline ease has no option 'lambda'; it has l2"):
        baselines.fit("ease", task, **{"lambda": 3})


def test_scores_are_rounded_to_what_every_machine_agrees_on():
    noisy = np.array([0.1 + 0.2, 0.3, 0.3 * (1 + 2e-16), -0.3, 0.0, 1e-300])
    found = rounded(noisy)
    assert found[0] == found[1] == found[2] == -found[3]
    assert found[4] == 0
    assert found == pytest.approx(noisy, rel=2**-20)
