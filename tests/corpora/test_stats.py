"""Statistics of built corpora against counts in plain Python, and the commands that show and check a corpus."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from recdata.cli import cli
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.corpora.plots import bars, picture
from recdata.corpora.stats import PERCENTS, Tally, _ratings, distribution, gini, stats
from recdata.engines import open_engine
from recdata.errors import InputError, MismatchError, MissingError
from recdata.sources.cards import load_card, read_card

FIXTURES = Path(__file__).parent / "fixtures"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments)
    if result.exception is not None and not isinstance(result.exception, MismatchError):
        raise result.exception
    return result


def built(name: str, folder: Path) -> Corpus:
    return Corpus.open(build(load_card(name), folder, allow_partial=True))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_gini_is_the_mean_difference(counts: list[int]) -> None:
    n, total = len(counts), sum(counts)
    mean_difference = sum(abs(x - y) for x in counts for y in counts)
    expected = mean_difference / (2 * n * total) if total else 0.0
    assert gini(Tally.of(np.array(counts))) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=60))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int]) -> None:
    found = dict(distribution(Tally.of(np.array(values)))["percentiles"])
    for percent in PERCENTS:
        enough = [v for v in sorted(values) if sum(x <= v for x in values) * 100 >= percent * len(values)]
        assert found[percent] == enough[0]


def test_real_100k_is_what_plain_python_counts(home: Path, data: Path) -> None:
    raw = data / "movielens" / "ml-100k"
    found = stats(Corpus.open(build(load_card("movielens-100k"), raw)))["interactions"]
    rows = [tuple(map(int, line.split("\t"))) for line in (raw / "u.data").read_text().splitlines()]
    assert (found["users"], found["items"], found["pairs"], found["repeated"]) == (943, 1682, 100_000, 0)
    assert found["density"] == 100_000 / (943 * 1682)
    assert found["ratings"]["mean"] == pytest.approx(sum(row[2] for row in rows) / len(rows))
    assert found["ratings"]["values"] == [
        [float(v), n] for v, n in sorted(Counter(r[2] for r in rows).items())
    ]
    assert found["activity"]["percentiles"][-1] == [100, max(Counter(row[0] for row in rows).values())]
    assert [percent for percent, _ in found["activity"]["percentiles"]] == [0, 1, 5, 25, 50, 75, 95, 99, 100]
    times = [row[3] for row in rows]
    moments = [datetime.fromtimestamp(time, timezone.utc) for time in (min(times), max(times))]
    assert [found["time"]["first"], found["time"]["last"]] == [moment.isoformat() for moment in moments]
    months = Counter(datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m") for time in times)
    assert found["time"]["months"] == [list(month) for month in sorted(months.items())]
    assert found["time"]["days"] == (max(times) - min(times)) / 86_400
    border = min(times) + (max(times) - min(times)) * 9 / 10
    for place, entity in ((0, "users"), (1, "items")):
        met: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            met[row[place]].append(row[3])
        late = [moments for moments in met.values() if max(moments) >= border]
        cold = sum(min(moments) >= border for moments in late)
        assert found["cold"][entity] == {"met": len(late), "cold": cold, "share": cold / len(late)}


@pytest.mark.parametrize(("most", "values"), [(49, 50), (50, 10)])
def test_many_ratings_are_told_by_tenths_of_their_range(most: int, values: int) -> None:
    ratings = [20.0, *(20.0 + place for place in range(most)), 20.0 + most, None]
    with open_engine() as engine:
        engine.add("interactions", pa.table({"rating": pa.array(ratings, pa.float64())}))
        found = _ratings(engine)
    assert found is not None
    assert found["rated"] == sum(rows for _, rows in found["values"]) == most + 2
    assert len(found["values"]) == values
    if values == 10:
        assert found["values"][0] == [20.0, 6]  # 20 twice, and 21 to 24
        assert found["values"][9] == [65.0, 6]  # 65 to 70: the highest is among them


def test_what_a_corpus_has_not_is_none(home: Path) -> None:
    found = stats(built("filmtrust", FIXTURES / "filmtrust"))
    assert found["rows"] == {"interactions": 3, "relations": 2}
    of = found["interactions"]
    assert (of["time"], of["cold"], of["weights"], found["sessions"], found["examples"]) == (None,) * 5
    assert of["repeated"] == 1 / 3
    of = stats(built("lastfm-360k", FIXTURES / "lastfm-360k"))["interactions"]
    assert of["weights"]["percentiles"][-1] == [100, 2137.0]
    assert of["ratings"] is None


def test_sessions_and_examples(home: Path, tmp_path: Path) -> None:
    columns = {"s": "string", "l": "string", "p": "list<string>"}
    made = {"session_id": "s", "locale": "l", "previous_items": "p"}
    card = {
        "name": "talk",
        "version": "1.0.0",
        "title": "T",
        "description": "Sessions alone, \x1b[2J made up.",
        "homepage": "https://example.org/",
        "family": "declared",
        "licence": {"spdx": "CC0-1.0", "may_redistribute": True},
        "citation": "@misc{t,\n  title = {T},\n  year = {2026}\n}",
        "files": {"rows": ["rows.jsonl"]},
        "expected": {},
        "options": {
            "files": {"rows": {"format": "jsonl", "columns": columns}},
            "records": {"sessions": {"from": "rows", "columns": made}},
        },
    }
    (tmp_path / "card.yaml").write_text(json.dumps(card))
    rows = [
        {"s": "1", "l": "UK", "p": ["a", "b"]},
        {"s": "2", "l": "UK", "p": ["c"]},
        {"s": "3", "l": "DE", "p": []},
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = Corpus.open(build(read_card(tmp_path / "card.yaml"), tmp_path / "rows.jsonl"))
    found = stats(corpus)["sessions"]
    assert found["locales"] == [["UK", 2], ["DE", 1]]
    assert (found["lengths"]["mean"], found["known"]) == (1.0, 0.0)
    with pytest.raises(InputError, match="protocol loo-last splits interactions; talk has sessions"):
        run("split", "talk/loo-last")
    shown = run("info", "talk", "--stats").output
    assert "locales  UK 2, DE 1" in shown
    assert "\x1b" not in shown


class Balanced(HTMLParser):
    """Counts tags that are opened and closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open[tag] += tag not in ("meta", "html")

    def handle_endtag(self, tag: str) -> None:
        self.open[tag] -= tag != "html"


def test_info(home: Path, tmp_path: Path) -> None:
    before = run("info", "lastfm-2k")
    assert "built      no" in before.output
    with pytest.raises(MissingError, match="lastfm-2k is not built yet; run recdata build lastfm-2k"):
        run("info", "lastfm-2k", "--stats")
    built("lastfm-2k", FIXTURES / "lastfm-2k")
    shown = run("info", "lastfm-2k", "--stats").output
    assert "weights  mean 6,942.00" in shown
    assert "rows of tags  2" in shown
    document = json.loads(run("info", "lastfm-2k", "--stats", "--json").stdout)
    assert document["stats"]["interactions"]["events"] == [["play", 2]]
    assert document["editions"][0]["expected"]["tags"] == 186_479
    run("info", "lastfm-2k", "--html", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(text)
    assert not +parser.open
    assert not -parser.open
    assert "<svg" in text
    assert "<script" not in text


def test_labels_of_strangers_are_escaped() -> None:
    chart = ("<script>", [("<script>", 1)])
    assert "<script>" not in bars(chart)
    assert "<script>" not in picture([chart])


def test_check(home: Path, data: Path) -> None:
    folder = build(load_card("filmtrust"), data / "filmtrust")
    assert run("check", "filmtrust").exit_code == 0
    path = folder / "relations.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    result = run("check", "filmtrust")
    assert "DIFFERS  files" in result.output
    assert isinstance(result.exception, MismatchError)


def test_check_of_a_sample_says_what_differs(home: Path) -> None:
    built("lastfm-2k", FIXTURES / "lastfm-2k")
    found = json.loads(run("check", "lastfm-2k", "--json").stdout)
    differing = {finding["what"]: finding["detail"] for finding in found if not finding["ok"]}
    assert differing["count of interactions"] == "2; the card's is 92,834"
    assert "rules of the schema" not in differing


def test_check_finds_columns_and_rows_that_break_the_schema(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recdata.corpora import audit

    corpus = built("filmtrust", FIXTURES / "filmtrust")
    monkeypatch.setattr(audit, "check_files", lambda folder, tables: None)
    path = corpus.folder / "relations.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["weight"]).append_column("more", pa.array([1, 2])), path)
    (found,) = (
        f for f in audit.audit(load_card("filmtrust"), corpus.folder) if f.what.startswith("relations")
    )
    assert found.detail == "there is no column 'weight'; column 'more' is not declared"
    broken = table.set_column(1, table.schema.field(1), pa.array(["", "2"]))
    pq.write_table(broken, path)
    (found,) = (
        f for f in audit.audit(load_card("filmtrust"), corpus.folder) if f.what == "rules of the schema"
    )
    assert "1 rows where source_id is empty" in found.detail
