"""Folders of packages laid over this environment: what a test needs beside it, or in another version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def overlay(name: str, packages: list[str], *, required: bool = False) -> Path:
    """Return the folder ``name`` of the checkout with ``packages``, without what they depend on; put it on PYTHONPATH.

    pip fills it where it is not there with just these. Where pip cannot, the test is skipped with what it says; or fails, if
    the packages are ``required`` and RECDATA_REQUIRE has the word "data", as where a commit is judged.
    """
    folder = ROOT / name
    note = folder / "packages.txt"
    wanted = "\n".join(packages)
    if note.is_file() and note.read_text(encoding="utf-8") == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    words = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(folder)]
    done = subprocess.run([sys.executable, "-m", "pip", *words, *packages], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        reason = f"{' '.join(packages)} could not be installed beside this environment: {done.stderr[-300:]}"
        if required and "data" in os.environ.get("RECDATA_REQUIRE", "").replace(",", " ").split():
            pytest.fail(reason)
        pytest.skip(reason)
    note.write_text(wanted, encoding="utf-8")
    return folder
