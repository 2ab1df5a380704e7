"""A generated LaMP-shaped set of any size: built, split and scored, each in a process of its own whose memory is measured.

    python scripts/bench/answers.py [--examples 100000] [--entries 500] [--folder FOLDER] [--task 7]

Prints, for each step, seconds and the highest memory (resident set), and says whether all stayed under 1.5 GB; of it DuckDB
is given 1 GB (RECDATA_MEMORY, which can be set to another). FOLDER keeps the raw files, so that a second run need not
make them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = [
    f"{a}{b}"
    for a in ("ka", "ro", "mi", "tel", "sun", "vor", "an", "pe")
    for b in ("", "da", "lin", "sto", "x")
]
LIMIT = 1.5e9
CORPUS = "lamp-{}"


def main() -> int:
    """Generate, build, split and score; return 1 where a step took too much memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--task", type=int, default=7, choices=(3, 7))
    parser.add_argument("--step", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        STEPS[asked.step](asked)
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        environment = {"RECDATA_MEMORY": "1GB", **os.environ, "RECDATA_HOME": str(folder / "home")}
        highest = 0.0
        for step in STEPS:
            command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
            command += [
                "--examples",
                str(asked.examples),
                "--entries",
                str(asked.entries),
                "--task",
                str(asked.task),
            ]
            start = time.perf_counter()
            child = subprocess.Popen(command, env=environment)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                return child.returncode
            peak = used.ru_maxrss * 1024
            if step != "generate":
                highest = max(highest, peak)
            print(f"{step:<12} {time.perf_counter() - start:>8.1f} s  {peak / 1e6:>8,.0f} MB", flush=True)
        size = sum(path.stat().st_size for path in folder.glob("*.json"))
        print(
            f"raw files {size / 1e9:.2f} GB; highest {highest / 1e6:,.0f} MB, the limit is {LIMIT / 1e6:,.0f} MB"
        )
    return int(highest > LIMIT)


def generate(asked: argparse.Namespace) -> None:
    """Write questions, outputs and answers, unless they are there."""
    folder, drawn = asked.folder, random.Random(7)
    if (folder / "answers.json").exists():
        return
    texts = [" ".join(drawn.choices(WORDS, k=12)) for _ in range(5_000)]
    golds = []
    with (folder / "dev_questions.json").open("w") as out:
        out.write("[")
        for number in range(asked.examples):
            profile = [
                {"id": f"{number}-{place}", "text": drawn.choice(texts), "score": str(1 + place % 5)}
                for place in range(asked.entries)
            ]
            question = {"id": f"q{number}", "input": f"say: {drawn.choice(texts)}", "profile": profile}
            out.write((",\n" if number else "\n") + json.dumps(question))
            golds.append(
                {
                    "id": f"q{number}",
                    "output": drawn.choice(texts) if asked.task == 7 else str(1 + number % 5),
                }
            )
        out.write("\n]\n")
    name = f"LaMP_{asked.task}"
    (folder / "dev_outputs.json").write_text(json.dumps({"task": name, "golds": golds}))
    for gold in golds:
        gold["output"] = drawn.choice(texts) if asked.task == 7 else drawn.choice("12345x")
    (folder / "answers.json").write_text(json.dumps({"task": name, "golds": golds}))


def build(asked: argparse.Namespace) -> None:
    """Build the corpus."""
    from recdata.corpora.build import build as build_corpus
    from recdata.sources.cards import load_card

    build_corpus(load_card(CORPUS.format(asked.task)), asked.folder, allow_partial=True, rebuild=True)


def split(asked: argparse.Namespace, setting: str) -> None:
    """Make the task of one setting."""
    from recdata import api

    api.task(f"{CORPUS.format(asked.task)}/profile-{setting}", rebuild=True)


def score(asked: argparse.Namespace) -> None:
    """Score the answers, with the values of each example."""
    from recdata import api

    task = api.task(f"{CORPUS.format(asked.task)}/profile-recent-4")
    result = api.score(
        task, asked.folder / "answers.json", part="valid", per_user=asked.folder / "values.parquet"
    )
    print(result)


STEPS = {
    "generate": generate,
    "build": build,
    "recent-4": lambda asked: split(asked, "recent-4"),
    "random-4": lambda asked: split(asked, "random-4"),
    "full": lambda asked: split(asked, "full"),
    "score": score,
}

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
