"""Metrics are parsed in any case and printed one way; what is wrong is named."""

from __future__ import annotations

import pytest

from recdata.errors import InputError
from recdata.metrics.definition import _registered as registered
from recdata.metrics.definition import definitions, find, metric
from recdata.metrics.spelling import expand, parse, parse_list

CANONICAL = ["nDCG@10", "nDCG", "Recall@20", "Precision@5", "HR@1", "MRR", "MRR@10", "MAP@100", "RMSE", "MAE"]


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_spelling_is_printed_as_it_was_read(text: str) -> None:
    for variant in (text, text.lower(), text.upper(), f"  {text} "):
        assert str(parse(variant)) == text
    assert parse(text) == parse(text.lower())


@pytest.mark.parametrize(
    ("alias", "name"),
    [("p@3", "Precision@3"), ("r@3", "Recall@3"), ("success@3", "HR@3"), ("rr", "MRR"), ("ap", "MAP")],
)
def test_aliases(alias: str, name: str) -> None:
    assert str(parse(alias)) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ndgc@10", "did you mean nDCG"),
        ("frobnicate", "known are"),
        ("precision", "needs a cutoff: Precision@10"),
        ("rmse@10", "RMSE has no cutoff"),
        ("ndcg@0", "from 1 to"),
        ("ndcg@-1", "spelled"),
        ("ndcg@1.5", "spelled"),
        ("ndcg@٣", "spelled"),
        ("", "spelled"),
        ("@10", "spelled"),
        ("hr(p=1)@10", "no parameter 'p'; it has none"),
        ("ndcg(gain=linear)@10", "expected 'binary' or 'graded' or 'exponential'"),
        ("rbp(p=1.5)", "expected 0 to 1"),
        ("ndcg@99999999999999999999", "from 1 to"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(text)


def test_lists_drop_repeats_and_keep_order() -> None:
    assert [str(m) for m in parse_list("ndcg@10, recall@20,NDCG@10,")] == ["nDCG@10", "Recall@20"]
    assert [str(m) for m in parse_list(["mrr", "hr@5"])] == ["MRR", "HR@5"]
    with pytest.raises(InputError, match="no metrics are named"):
        parse_list(" , ")


def test_protocols_spell_metrics_once_for_all_cutoffs() -> None:
    assert [str(m) for m in expand(["nDCG", "MRR@3"], [5, 10])] == ["nDCG@5", "nDCG@10", "MRR@3"]
    assert [str(m) for m in expand(["RMSE", "MAE"], [5])] == ["RMSE", "MAE"]
    assert [str(m) for m in expand(["nDCG"], [])] == ["nDCG"]


def test_parameters_are_printed_where_they_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    definitions()
    monkeypatch.setattr("recdata.metrics.definition._spellings", lambda: {"xyz": xyz})
    metric("XYZ", "ranking", denominator="1")(lambda hits, cutoff, p=0.8, form="plain": p)
    xyz = registered.pop("XYZ")
    assert str(parse("xyz(p=0.8)@10")) == "XYZ@10"
    assert str(parse("xyz( p = 0.5 )@10")) == "XYZ(p=0.5)@10"
    assert str(parse("xyz(form='other', p=1)@10")) == "XYZ(p=1.0, form='other')@10"
    assert str(parse("xyz(form=other)")) == "XYZ(form='other')"
    assert parse("xyz(p=0.5)").parameters == (("p", 0.5),)
    assert [str(m) for m in parse_list("xyz(p=0.5,form=x)@3,xyz")] == ["XYZ(p=0.5, form='x')@3", "XYZ"]
    with pytest.raises(InputError, match="expected something like 0\\.8"):
        parse("xyz(p=high)")


def test_parameters_change_what_is_divided_by() -> None:
    assert parse("recall@5").denominator == "R"
    assert parse("recall(of=reachable)@5").denominator == "min(R, k)"


def test_every_definition_says_what_it_must() -> None:
    for definition in definitions().values():
        for word in ("Population:", "Ties:", "Bounds:", "Undefined:", "Source:", ">>>"):
            assert word in definition.about, (definition.name, word)
        assert definition.denominator
        assert find(definition.name) is definition
