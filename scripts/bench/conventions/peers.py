"""Peers: the libraries whose conventions are checked, each in a process of its own that answers case by case."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("RECDATA_PEERS") or HERE.parents[2] / ".venv-peers")

# What pip installs for each: the version that was read. Where a package pulls in gigabytes that metrics do not use
# (torch with CUDA, notebooks), it is installed without its dependencies, and then what its metrics import.
INSTALL: dict[str, list[list[str]]] = {
    "ranx": [["ranx==0.3.21"]],
    "pytrec_eval": [["pytrec_eval-terrier==0.5.11"]],
    "ir_measures": [["ir-measures==0.4.3"]],
    "rectools": [["rectools==0.17.0"]],
    "replay": [["replay-rec==0.22.0"]],
    "recommenders": [["--no-deps", "recommenders==1.2.1"], ["pandas<3", "scikit-learn", "numpy"]],
    "lenskit": [
        ["--no-deps", "lenskit==2025.8.1"],
        [
            *("pandas<3", "pyarrow", "numpy", "scipy", "pydantic", "pydantic-settings", "structlog", "rich"),
            *("humanize", "more-itertools", "lazy-loader", "deepmerge", "xopen", "prettytable", "psutil"),
            *(
                "typing-extensions",
                "threadpoolctl",
                "pyzmq",
                "click",
                "requests",
                "py-cpuinfo",
                "python-dotenv",
            ),
        ],
    ],
}
# Of these the metrics alone are run, which import no more than is here: they are installed beside, without dependencies.
BESIDE = {
    "recbole": "recbole==1.2.1",
    "cornac": "cornac==3.0.1",
    "recpack": "recpack==0.3.6",
    "daisyrec": "daisyRec==2.3.0",
    "fuxictr": "fuxictr==2.3.10",
}
NAMES = [*INSTALL, *BESIDE]
TIED = {"pytrec_eval", "ir_measures", "rectools", "replay", "recommenders", "lenskit"}
"""Those whose order of equal scores is defined."""
WHOLE = {"cornac", "fuxictr"}
"""Those that rank all items for everyone who is asked."""


def install(name: str) -> Path:
    """Make the virtual environment of a peer unless it is there, or install it beside; return its Python."""
    folder = FOLDER / name
    if name in BESIDE:
        if not (folder / "finished").exists():
            pip = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
            ]
            # daisyRec is published as source alone; of the others nothing is to be compiled here.
            pip += [] if name == "daisyrec" else ["--only-binary", ":all:"]
            subprocess.run([*pip, "--upgrade", "--target", str(folder / "beside"), BESIDE[name]], check=True)
            (folder / "finished").touch()
        return Path(sys.executable)
    python = folder / "bin" / "python"
    if not (folder / "finished").exists():
        venv.create(folder, clear=True, with_pip=True)
        for packages in INSTALL[name]:
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
            subprocess.run(pip, check=True)
        (folder / "finished").touch()
    return python


def find(name: str) -> Path | None:
    """Return the Python that has a peer: this one, or the one of its own environment; None where there is neither."""
    own = FOLDER / name / "bin" / "python"
    if (FOLDER / name / "finished").exists():
        return Path(sys.executable) if name in BESIDE else own
    if name in BESIDE:
        return None
    script = f"import {name}"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0
    return Path(sys.executable) if found else None


class Peer:
    """One library's process; close it when done."""

    def __init__(self, name: str, python: Path) -> None:
        self.name = name
        # Paths of this process must not lead the other to our packages.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if name in BESIDE:
            environment["PYTHONPATH"] = str(FOLDER / name / "beside")
        self._process = subprocess.Popen(
            [str(python), str(HERE / "worker.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.version = self._answer()["version"]

    def scores(self, case: dict[str, Any]) -> dict[str, float]:
        """Return the library's scores of ``case``, by the metrics' names here."""
        if self._process.stdin is None:
            raise RuntimeError("the peer has no input")
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"{self.name} ended with code {self._process.wait()}; what it said is above")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
