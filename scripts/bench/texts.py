"""Benchmark: ROUGE and other metrics over many pairs of texts, on one processor and on all, against the libraries alone.

    python scripts/bench/texts.py [--pairs 100000] [--metrics ROUGE-1,ROUGE-L,METEOR,BLEU] [--repeat 1]

Pairs are LaMP-shaped: titles of 8 to 16 words of a Zipf vocabulary, the answer sharing half. "Library" is rouge-score
called pair by pair, as LaMP's scorer does. On a terminal each run shows its bar. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from recdata.metrics.answers import Texts
from recdata.metrics.spelling import parse, parse_list
from recdata.processes import processors


def pairs(many: int) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(20261120)
    words = np.array([f"w{number:x}" for number in range(30_000)])
    gold, answer = [], []
    for length in random.integers(8, 17, many):
        title = words[random.zipf(1.3, length) % len(words)]
        kept = title[random.random(length) < 0.5]
        gold.append(" ".join(title))
        answer.append(" ".join([*kept, *words[random.zipf(1.3, length // 2) % len(words)]]))
    return gold, answer


def best(repeat: int, function: Callable[[], Any]) -> tuple[float, Any]:
    times, result = [], None
    for _ in range(repeat):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


def library(gold: list[str], answer: list[str]) -> list[float]:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    return [scorer.score(g, a)["rougeL"].fmeasure for g, a in zip(gold, answer, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--metrics", default="ROUGE-1,ROUGE-L,METEOR,BLEU")
    parser.add_argument("--repeat", type=int, default=1)
    chosen = parser.parse_args()
    gold, answer = pairs(chosen.pairs)
    columns = [pa.array(side, pa.large_string()) for side in (gold, answer)]
    plain, expected = best(chosen.repeat, lambda: library(gold, answer))
    same = parse("ROUGE-L").values(Texts(*columns)).tolist() == expected
    print(
        f"{chosen.pairs:,} pairs, {processors()} processors; ROUGE-L by rouge-score alone {plain:.1f} s, same bits: {same}\n"
    )
    print("| metric | 1 process, s | all, s | times faster | library's time / all |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for measure in parse_list(chosen.metrics):
        alone, first = best(chosen.repeat, lambda measure=measure: measure.values(Texts(*columns, workers=1)))
        spread, second = best(chosen.repeat, lambda measure=measure: measure.values(Texts(*columns)))
        if first.tobytes() != second.tobytes():
            raise SystemExit(f"{measure}: the values depend on the number of processes")
        ratio = f"{plain / spread:.2f}" if str(measure) == "ROUGE-L" else ""
        print(f"| {measure} | {alone:.1f} | {spread:.1f} | {alone / spread:.2f} | {ratio} |")


if __name__ == "__main__":
    main()
