"""Kills build, split, score and ledger writing at random moments and looks at what is left.

``python tests/integration/killing.py FOLDER KILLS SECONDS [SEED]`` prints what it did as JSON, and fails where anything is
torn or wrong. Everything is imported once; each activity runs in a fork, so that a kill costs what the activity does.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import duckdb  # noqa: F401
import numpy as np  # noqa: F401
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet  # noqa: F401

import recdata.api
import recdata.corpora.build
import recdata.leaderboard.submit
import recdata.protocol.build
import recdata.schema.documents
import recdata.scoring.score
import recdata.submission.template
from recdata.leaderboard.check import check_ledger
from recdata.leaderboard.ledger import Ledger
from recdata.store.files import check_files
from recdata.store.manifest import read_manifest

CARD = {"name": "model", "version": "1", "authors": ["A"], "licence": "MIT", "trained_on": "training part"}
_HALF = {"orphan"}
"""What a killed process may leave in a ledger: values whose entry was not written, which the next one removes."""
CORPUS, TASK = "filmtrust", "filmtrust/random-80-10-10"


def raw_files(folder: Path) -> Path:
    """Write a small corpus as the publisher would: 200 users with 20 ratings each."""
    drawn = random.Random(5)
    folder.mkdir(parents=True)
    rows = [
        f"{user} {item} {drawn.randrange(1, 9) / 2}"
        for user in range(1, 201)
        for item in drawn.sample(range(1, 301), 20)
    ]
    (folder / "ratings.txt").write_text("\n".join(rows) + "\n")
    (folder / "trust.txt").write_text("1 2 1\n2 3 1\n")
    return folder


class Killer:
    """The activities in the order in which one needs the other, and what each must come to."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.drawn = folder, random.Random(seed)
        self.raw = raw_files(folder / "raw")
        self.home = folder / "home"
        os.environ["RECDATA_HOME"] = str(self.home)
        self.ledger = Ledger(folder / "ledger")
        self.predictions, self.result = folder / "predictions.csv", folder / "result.json"
        self.activities: dict[str, tuple[Callable[[], None], Callable[[], str]]] = {
            "build": (self._build, lambda: self._fingerprint("corpora")),
            "split": (self._split, lambda: self._fingerprint("tasks")),
            "score": (self._score, self._scored),
            "ledger": (self._submit, self._entered),
        }
        self.right: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        for name in ("build", "split"):
            self._whole(name)
        self._fork(lambda: self._template()).wait()
        self._whole("score")
        self._whole("ledger")

    def _build(self) -> None:
        recdata.api.load(CORPUS, from_path=self.raw, allow_partial=True)

    def _task(self) -> recdata.api.Task:
        return recdata.api.task(TASK, from_path=self.raw, allow_partial=True)

    def _split(self) -> None:
        self._task()

    def _template(self) -> None:
        recdata.submission.template.write_template(self._task(), self.predictions)

    def _score(self) -> None:
        recdata.api.score(self._task(), self.predictions).save(self.result)

    def _submit(self) -> None:
        if not self._entered():
            recdata.leaderboard.submit.submit(self._task(), self.predictions, CARD, self.ledger)

    def _entered(self) -> str:
        """Return what the one entry says, without its times; nothing where there is none."""
        entries = self.ledger.entries()
        if not entries:
            return ""
        (entry,) = entries
        document = {key: value for key, value in entry.document.items() if key != "submitted"}
        document["result"] = {key: value for key, value in document["result"].items() if key != "created"}
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def _fingerprint(self, kind: str) -> str:
        folders = [path.parent for path in (self.home / kind).rglob("manifest.json") if "/." not in str(path)]
        return ",".join(sorted(str(read_manifest(folder)["fingerprint"]) for folder in folders))

    def _scored(self) -> str:
        if not self.result.exists():
            return ""
        document = json.loads(self.result.read_bytes())
        kept = {name: document[name] for name in ("task", "predictions", "metrics", "counts")}
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()

    def _whole(self, name: str) -> None:
        """Run an activity to its end; it must come to what it came to before."""
        act, found = self.activities[name]
        begin = time.monotonic()
        code = self._fork(act).wait()
        self.seconds.setdefault(name, time.monotonic() - begin)
        if code or found() != self.right.setdefault(name, found()) or not found():
            raise SystemExit(f"{name} after kills: exit {code}, {found()!r} instead of {self.right[name]!r}")

    def _fork(self, act: Callable[[], None]) -> Child:
        return Child(act)

    def kill(self, name: str) -> bool:
        """Begin an activity from nothing, kill it at a random moment, look; return whether it was still running."""
        self._forget(name)
        child = self._fork(self.activities[name][0])
        time.sleep(self.drawn.random() * self.seconds[name] * 1.2)
        running = child.kill()
        self._look(name)
        return running

    def _forget(self, name: str) -> None:
        if name == "score":
            self.result.unlink(missing_ok=True)
            return
        if name == "ledger":
            # What a killed process left stays, now and then, for the next one to deal with.
            for path in list(self.ledger.folder.rglob("*.json")):
                path.unlink()
            if self.drawn.random() < 0.5:
                shutil.rmtree(self.ledger.folder, ignore_errors=True)
            return
        kind = {"build": "corpora", "split": "tasks"}[name]
        for path in list((self.home / kind).rglob("manifest.json")):
            shutil.rmtree(path.parent)

    def _look(self, name: str) -> None:
        """Whatever has a manifest is whole and right; a result is whole and right or absent."""
        for path in self.home.rglob("manifest.json"):
            if any(part.endswith(".tmp") for part in path.parts):
                continue
            manifest = read_manifest(path.parent)
            check_files(path.parent, manifest["tables"])
        faults = [fault for fault in check_ledger(self.ledger) if fault.code not in _HALF]
        if faults:
            raise SystemExit(f"{name} was killed and left in the ledger {faults}")
        found = self.activities[name][1]()
        if found not in ("", self.right[name]):
            raise SystemExit(f"{name} was killed and left {found!r} instead of {self.right[name]!r}")

    def leftovers(self) -> list[str]:
        """Return the temporaries that are still there after everything ran to its end."""
        found = [str(path) for place in (self.home, self.ledger.folder) for path in place.rglob("*.tmp")]
        return found + [str(fault) for fault in check_ledger(self.ledger)]

    def run(self, kills: int, seconds: float) -> dict[str, int]:
        """Kill in turns until there were so many kills or so many seconds; after every tenth, carry on to the end."""
        end = time.monotonic() + seconds
        counts = dict.fromkeys(self.activities, 0)
        turn = 0
        while sum(counts.values()) < kills and time.monotonic() < end:
            name = list(self.activities)[turn % len(self.activities)]
            counts[name] += self.kill(name)
            turn += 1
            if turn % 10 == 0 or name != "score":
                for each in ("build", "split", "ledger"):
                    self._whole(each)
        for each in self.activities:
            self._whole(each)
        return {**counts, "turns": turn, "left": len(self.leftovers())}


class Child:
    """A fork that runs an activity and does nothing else."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._process = os.fork()
        if not self._process:
            code = 1
            try:
                act()
                code = 0
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
            finally:
                os._exit(code)

    def wait(self) -> int:
        """Return the exit code."""
        return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])

    def kill(self) -> bool:
        """Kill it; return whether it was running."""
        os.kill(self._process, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL


if __name__ == "__main__":
    where, most, until, *rest = sys.argv[1:]
    killer = Killer(Path(where).absolute(), int(rest[0]) if rest else 1)
    print(json.dumps({**killer.run(int(most), float(until)), "seconds": killer.seconds}))
