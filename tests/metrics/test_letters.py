"""Letters are read as the benchmarks read them; PersonaMem's rule against its published behaviour, written out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recdata.errors import InputError
from recdata.metrics.letters import RULES, first, only, personamem, rule_of


def published(answer: str, correct: str) -> bool:
    """Say whether PersonaMem's script (inference_standalone_openai.py, extract_answer) takes an answer as right."""

    def options(text: str) -> set[str]:
        in_brackets = re.findall(r"\(([a-d])\)", text.lower())
        return set(in_brackets or re.findall(r"\b([a-d])\b", text.lower()))

    tail = answer.strip().split("<final_answer>")[-1].strip()
    if tail.endswith("</final_answer>"):
        tail = tail[: -len("</final_answer>")].strip()
    return options(tail) == {correct} or options(answer) == {correct}


PIECES = st.lists(
    st.sampled_from(
        [
            "(a)",
            "(B)",
            "(c)",
            "d",
            "A",
            "b.",
            "a cat",
            " ",
            "<final_answer>",
            "</final_answer>",
            "\n",
            "(e)",
            "because",
        ]
    ),
    max_size=6,
)


@given(PIECES, st.sampled_from("abcd"))
@settings(deadline=None)
def test_right_is_what_personamem_takes_as_right(pieces: list[str], correct: str) -> None:
    answer = " ".join(pieces)
    assert (personamem(answer, "abcd", correct) == correct) == published(answer, correct)


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("<final_answer>(c)</final_answer>", "c"),
        ("(a) looks good but <final_answer> d", "d"),
        ("Final: (A), yes (a)", "a"),
        ("(a) or (b)", None),
        ("", None),
        ("none of them", None),
    ],
)
def test_personamem(answer: str, letter: str | None) -> None:
    assert personamem(answer, "abcd", "b") == letter


def test_rules_are_found_by_name() -> None:
    assert rule_of("personamem") is personamem
    with pytest.raises(
        InputError, match="no rule 'last' to read letters by; there are personamem, only, first"
    ):
        rule_of("last")


def test_other_rules() -> None:
    assert only("(A)", "ab", "b") == "a"
    assert only("AB", "ab", "a") is None
    assert first("Surely B, not A", "ab", "a") == "b"
    assert first("a good answer", "ab", "a") is None
    assert first("b", "ab", "a") == "b"
    assert first("C", "ab", "a") is None


@given(st.text(max_size=30), st.sampled_from(sorted(RULES)))
@settings(deadline=None)
def test_a_rule_gives_a_letter_or_nothing(answer: str, rule: str) -> None:
    assert RULES[rule](answer, "ab", "a") in {"a", "b", None}
