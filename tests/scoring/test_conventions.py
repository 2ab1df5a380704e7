"""Conventions on a case by hand: what each choice does to the number, and what the result says of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from handmade import RATING, make_task

from recdata import api
from recdata.cli import cli
from recdata.errors import InputError
from recdata.metrics.spelling import parse
from recdata.protocol.task import Task
from recdata.schema.documents import check
from recdata.scoring.conventions import conventions, find_convention
from recdata.scoring.score import compare, score

LISTS = {"u1": "xab", "u2": "cax", "u4": "sbx"}


def frame(lists: dict[str, str], scores: dict[str, list[float]] | None = None) -> pd.DataFrame:
    rows = [
        (user, item, float(9 - rank) if scores is None else scores[user][rank])
        for user, items in lists.items()
        for rank, item in enumerate(items)
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "score"])


@pytest.fixture
def task(tmp_path: Path) -> Task:
    # u3 has no list; u4 has s in training, where it is not relevant, and its b is new to training.
    return make_task(
        tmp_path / "task",
        train=[("u1", "x"), ("u2", "a"), ("u4", "s"), ("u3", "c"), ("u1", "c")],
        test=[("u1", "a"), ("u1", "b"), ("u2", "a"), ("u3", "a"), ("u4", "b")],
    )


@pytest.mark.parametrize(
    ("convention", "metric", "expected"),
    [
        ("recdata", "MRR", (1 / 2 + 0 + 0 + 1 / 2) / 4),  # u2 has a in training: a miss
        ("trec_eval", "MRR", (1 / 2 + 1 / 2 + 0 + 1 / 2) / 4),
        ("pytrec_eval", "MRR", (1 / 2 + 1 / 2 + 1 / 2) / 3),
        ("recbole", "MRR@5", (1 + 1 / 2 + 0 + 1) / 4),  # x and s leave the lists, a stays with u2
        ("recbole-sequential", "MRR@5", (1 / 2 + 1 / 3 + 1 / 2 + 0 + 1 / 2) / 5),
        ("rectools", "nDCG@1", 0.0),
        ("rectools", "nDCG@2", (3 * 0.6309297535714575 + 0) / 1.6309297535714575 / 4),
        ("lenskit", "nDCG@2", (1 / 2 + 1 + 1) / 3),
        ("lenskit", "Precision@5", (2 / 3 + 1 / 3 + 1 / 3) / 3),
        ("lenskit", "Recall@1", 0.0),
        ("recommenders", "MAP@2", (0.5 / 2 + 0.5 + 0.5) / 3),
        ("elliot", "MAP@2", (1 / 2 + 1 / 2 + 1 / 2) / 2 / 3),
        ("recpack", "HR@3", (2 + 1 + 0 + 1) / 4),
        ("omnirec", "Recall@1", 0.0),
        (
            "daisyrec",
            "nDCG@3",
            ((0.6309297535714575 + 0.5) / 1.6309297535714575 + 2 * 0.6309297535714575) / 4,
        ),
        # b is not in training: it leaves lists and truth, and so does u4; x leaves u1's list, who has it in training
        ("cornac", "MRR", (1 + 1 / 2 + 0) / 3),
        ("rechorus", "HR@2", 3 / 5),
        ("fuxictr", "MRR", ((1 / 2 + 1 / 3) / 2 + 1 / 2 + 1 / 2) / 3),
    ],
)
def test_by_hand(task: Task, convention: str, metric: str, expected: float) -> None:
    result = score(task, frame(LISTS), metrics=metric, convention=convention)
    assert result[metric] == pytest.approx(expected, abs=1e-12)
    check(result.document, "result", "test")
    choices = result.document["choices"]
    assert choices["convention"] == convention
    assert (convention == "recdata") == ("library" not in choices)


def test_every_convention_has_its_own_result(task: Task) -> None:
    results = compare(
        task, frame(LISTS), metrics=["nDCG@2", "MRR", "MAP@2", "HR@1", "Recall@2", "Precision@2"]
    )
    assert [result.document["choices"]["convention"] for result in results] == list(conventions())
    for result in results:
        check(result.document, "result", "test")
        name = result.document["choices"]["convention"]
        for metric, mean in result.metrics.items():
            assert score(task, frame(LISTS), metrics=metric, convention=name)[metric] == mean


def test_repeated_rows_of_the_truth(tmp_path: Path) -> None:
    task = make_task(tmp_path / "t", test=[("u1", "a"), ("u1", "a"), ("u1", "b")])
    lists = frame({"u1": "ab"})
    assert score(task, lists, metrics="map@5")["map@5"] == 1.0
    assert score(task, lists, metrics="map@5", convention="replay")["map@5"] == pytest.approx(2 / 3)
    assert score(task, lists, metrics="recall@5", convention="replay")["recall@5"] == 1.0


def test_ties(tmp_path: Path) -> None:
    train = [("u1", "z"), *(("u2", item) for item in "abcd")]
    task = make_task(tmp_path / "t", train=train, test=[("u1", "b")], items="abcd")
    tied = frame({"u1": "cbad"}, {"u1": [1, 1, 1, 1]})

    def mrr(convention: str, metric: str = "mrr@4") -> float:
        return round(score(task, tied, metrics=metric, convention=convention)[metric], 4)

    assert mrr("trec_eval", "mrr") == round(1 / 3, 4)  # d c b a
    assert mrr("ir_measures", "mrr") == round(1 / 3, 4)
    assert mrr("ir_measures") == 0.5  # a b c d
    assert mrr("ranx") == 0.5  # as given: c b a d
    assert mrr("lenskit") == 0.5
    assert mrr("cornac", "mrr") == 0.25
    found = {ties: score(task, tied, metrics="mrr", ties=ties) for ties in ("expected", "best", "worst")}
    assert found["expected"]["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert (found["best"]["mrr"], found["worst"]["mrr"]) == (1.0, 0.25)
    assert found["best"].document["choices"]["convention"] == "recdata, ties best"
    check(found["best"].document, "result", "test")


def test_float32_ties_of_trec_eval(tmp_path: Path) -> None:
    task = make_task(tmp_path / "t", test=[("u1", "a")], items="b")
    near = frame({"u1": "ab"}, {"u1": [1 + 1e-12, 1.0]})
    assert score(task, near, metrics="mrr")["mrr"] == 1.0
    assert score(task, near, metrics="mrr", convention="trec_eval")["mrr"] == 0.5
    assert "float32" in score(task, near, metrics="mrr", convention="trec_eval").document["choices"]["order"]


def test_graded(tmp_path: Path) -> None:
    rows = [("u1", "a", 5.0), ("u1", "b", 3.0), ("u1", "c", 1.0)]
    task = make_task(tmp_path / "t", test=rows, relevance={"min_rating": 2})
    lists = frame({"u1": "cba"})
    plain = score(task, lists, metrics="ndcg(gain=graded)@3,bpref")
    assert plain["ndcg(gain=graded)@3"] == pytest.approx(
        (3 * 0.63093 + 5 * 0.5) / (5 + 3 * 0.63093), abs=1e-5
    )
    assert plain["bpref"] == 0.0  # c is a judged miss above both
    tied = frame({"u1": "cba"}, {"u1": [1.0, 1.0, 1.0]})
    expected = [
        score(task, tied, metrics="bpref", ties=ties)["bpref"] for ties in ("worst", "expected", "best")
    ]
    assert expected == [0.0, 0.5, 1.0]
    elliot = score(task, lists, metrics="ndcg@3", convention="elliot")["ndcg@3"]
    assert elliot == pytest.approx((3 * 0.63093 + 15 * 0.5) / (15 + 3 * 0.63093), abs=1e-5)
    bare = make_task(tmp_path / "b", test=[("u1", "a")])
    with pytest.raises(InputError, match="no rating"):
        score(bare, frame({"u1": "a"}), metrics="ndcg(gain=graded)@3")
    with pytest.raises(InputError, match="no judged misses"):
        score(bare, frame({"u1": "a"}), metrics="bpref")
    assert score(bare, frame({"u1": "a"}), metrics="ndcg@3", convention="elliot")["ndcg@3"] == 1.0


def test_candidates(task: Task) -> None:
    # u1 could have a, b and s (x and c are seen); x is a miss above a and b: one of one other is above both.
    result = score(task, frame({"u1": "xab"}), metrics="uauc")
    assert result["uauc"] == pytest.approx((0 + 0.5 + 0.5 + 0.5) / 4)


@pytest.mark.parametrize(
    ("convention", "metric", "message"),
    [
        ("nobody", "mrr", "no convention 'nobody'; known are"),
        ("rectool", "mrr", "did you mean rectools"),
        ("omnirec", "map@3", "OmniRec has no MAP"),
        ("trec_eval", "mrr@3", "MRR without a cutoff alone"),
        ("rectools", "mrr", "MRR at a cutoff alone"),
        ("rectools", "ndcg(gain=graded)@3", "its nDCG has no gain"),
    ],
)
def test_what_a_library_does_not_have(task: Task, convention: str, metric: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        score(task, frame(LISTS), metrics=metric, convention=convention)


def test_what_does_not_go_together(task: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="says how ties are broken"):
        score(task, frame(LISTS), convention="ranx", ties="best")
    with pytest.raises(InputError, match="expected md5"):
        score(task, frame(LISTS), ties="fair")
    with pytest.raises(InputError, match="canonical ties alone"):
        score(task, frame(LISTS), metrics="arp@2", ties="best")
    with pytest.raises(InputError, match="no worst order of a tie in closed form"):
        score(task, frame(LISTS), metrics="map(of=hits)@2", ties="worst")
    with pytest.raises(InputError, match="none for each user"):
        score(task, frame(LISTS), convention="rechorus", metrics="hr@1", per_user=tmp_path / "u.csv")
    with pytest.raises(InputError, match="none of these"):
        compare(task, frame(LISTS), "omnirec", metrics="map@3")
    rating = make_task(tmp_path / "r", test=[("u1", "a", 4.0)], **RATING)
    with pytest.raises(InputError, match="ranx has no RMSE"):
        score(rating, frame({"u1": "a"}), convention="ranx")
    with pytest.raises(InputError, match="there are no ties"):
        score(rating, frame({"u1": "a"}), ties="best")


def test_values_of_users_who_are_left_out(task: Task) -> None:
    table = score(task, frame(LISTS), metrics="recall@3,precision@3", convention="lenskit").per_user()
    assert table.column("user_id").to_pylist() == ["u1", "u2", "u3", "u4"]
    assert table.column("Recall@3").to_pylist() == [1.0, 1.0, None, 1.0]


def test_what_training_does_not_have_leaves_lists(tmp_path: Path) -> None:
    train = [("u1", "s"), ("u2", "a"), ("u2", "b")]
    task = make_task(tmp_path / "t", train=train, test=[("u1", "b"), ("u1", "n")], items="cd")
    # c and d are cold, s is seen, n is cold and relevant: of c s b a n what is left is b a, for one relevant item.
    lists = frame({"u1": "csban"})
    assert score(task, lists, metrics="mrr", convention="cornac")["mrr"] == 1.0
    assert score(task, lists, metrics="recall@1", convention="cornac")["recall@1"] == 1.0
    # b, n and a have equal scores; n has left, and a is before b where ties are against the model.
    tied = frame({"u1": "cbnad"}, {"u1": [2, 1, 1, 1, 0]})
    assert score(task, tied, metrics="mrr", convention="cornac")["mrr"] == 0.5


def test_ratings_and_clicks(tmp_path: Path) -> None:
    clicks = {"u1": {"a": 1, "b": 0}, "u2": {"a": 1, "b": 1, "c": 1, "d": 0}, "u3": {"a": 1}}
    rows = [(user, item, float(label)) for user, items in clicks.items() for item, label in items.items()]
    names = ["GAUC", "AUC", "LogLoss"]
    task = make_task(tmp_path / "t", test=rows, **{**RATING, "metrics": names, "primary": "GAUC"})
    scores = [0.9, 0.1, 0.2, 0.8, 0.7, 0.5, 0.3]  # u1 in order; u2: two of three ones above the 0
    predicted = pd.DataFrame([(u, i, p) for (u, i, _), p in zip(rows, scores, strict=True)])
    predicted.columns = ["user_id", "item_id", "score"]
    found = {result.document["choices"]["convention"]: result for result in compare(task, predicted)}
    assert set(found) == {"recdata", "fuxictr", "recbole", "recommenders"}
    # One is weighted by two rows and one 1, the other by four rows and three 1s.
    assert found["fuxictr"]["GAUC"] == pytest.approx((2 * 1 + 4 * 2 / 3) / 6)
    assert found["recbole"]["GAUC"] == pytest.approx((1 * 1 + 3 * 2 / 3) / 4)
    for result in found.values():
        check(result.document, "result", "test")
        assert result["AUC"] == found["recdata"]["AUC"]
    said = found["recbole"].document["choices"]
    assert said["library"] == {"name": "RecBole, general models", "version": "1.2.1"}
    assert said["computed"]["GAUC"] == "GAUC(weights='positives')"
    one = score(task, predicted, metrics="gauc", convention="recbole")
    assert one["gauc"] == found["recbole"]["gauc"]


def test_nobody_is_left(tmp_path: Path) -> None:
    task = make_task(tmp_path / "t", test=[("u1", "a")])
    with pytest.raises(InputError, match="leaves nobody"):
        score(task, frame({"u1": "a"}), metrics="mrr", convention="cornac")
    names = [
        result.document["choices"]["convention"]
        for result in compare(task, frame({"u1": "a"}), metrics="mrr")
    ]
    assert "cornac" not in names
    assert "ranx" in names


def test_conventions_say_what_they_are() -> None:
    for name, convention in conventions().items():
        assert find_convention(name.upper()) is convention
        assert convention.library
        for metric, rule in convention.metrics.items():
            assert convention.version
            at = "" if rule.cutoff == "never" or metric in {"Rprec", "Bpref"} else "@3"
            assert convention.has(parse(metric.rstrip("@") + at)), (name, metric)


def test_side_by_side_on_the_command_line(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "task", lambda name, **_: task)
    frame(LISTS).to_csv(tmp_path / "p.csv", index=False)
    arguments = ["score", "any/task", str(tmp_path / "p.csv")]
    shown = CliRunner().invoke(cli, [*arguments, "--conventions", "all"], catch_exceptions=False).stdout
    lines = shown.splitlines()
    assert lines[0].split()[-6:] == ["nDCG@5", "Recall@5", "Precision@5", "HR@5", "MRR@5", "MAP@5"]
    assert {line.split()[0] for line in lines[1:]} == set(conventions())
    some = [*arguments, "--conventions", "ranx, lenskit", "--metrics", "ndcg@2"]
    lines = CliRunner().invoke(cli, some, catch_exceptions=False).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["convention", "ranx", "lenskit"]
    one = CliRunner().invoke(
        cli, [*arguments, "--convention", "lenskit", "--metrics", "ndcg@2", "--ties", "md5"]
    )
    assert one.stdout.splitlines()[1].split()[:2] == ["nDCG@2", "0.833333"]
    assert CliRunner().invoke(cli, [*arguments, "--conventions", "all", "--ties", "best"]).exit_code == 2
