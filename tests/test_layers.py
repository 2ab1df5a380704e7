"""The tree's rules: imports run one way, modules say what they are for, and the command line starts fast."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import recdata

PACKAGE = Path(recdata.__file__).parent
LAYERS = (
    {"errors", "version", "resources", "harmless", "processes"},
    {"schema", "store", "engines"},
    {"sources"},
    {"corpora", "synth"},
    {"protocol", "metrics"},
    {"submission"},
    {"scoring", "baselines", "judgements", "prompts"},
    {"hub"},
    {"api"},
    {"leaderboard"},
    {"quickstart"},
    {"cli", "__main__"},
)
HEAVY = (
    "numpy",
    "pandas",
    "pyarrow",
    "duckdb",
    "datasets",
    "huggingface_hub",
    "jsonschema",
    "yaml",
    "ranx",
    "tqdm",
)


def layer(module: str) -> int:
    part = module.split(".")[1]
    found = [number for number, names in enumerate(LAYERS) if part in names]
    assert found, f"recdata.{part} has no layer"
    return found[0]


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "data" not in path.relative_to(PACKAGE).parts)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "a module's first line says what it is for"
    name = "recdata." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    if name == "recdata.__init__":
        return
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{alias.name}" if node.module == "recdata" else node.module
                for alias in node.names
            ]
        for imported in names:
            if imported.startswith("recdata."):
                assert layer(imported) <= layer(name), f"{name} imports {imported}, which is above it"


@pytest.mark.parametrize(
    "code", ["import recdata", "import recdata.cli as c; c.cli.main(['--help'], standalone_mode=False)"]
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str) -> None:
    check = f"import sys; {code}; print([name for name in {HEAVY!r} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "words", ["list", "info movielens-100k", "cite movielens-100k/loo-last", "protocols"]
)
def test_what_is_told_without_reading_rows_needs_no_engine(words: str, tmp_path: Path) -> None:
    heavy = ("pandas", "pyarrow", "duckdb", "datasets", "huggingface_hub", "ranx", "scipy")
    code = f"import recdata.cli as c; c.cli.main({words.split()!r}, standalone_mode=False)"
    check = f"import sys; {code}; print([name for name in {heavy!r} if name in sys.modules])"
    run = [sys.executable, "-c", check]
    home = os.environ | {"RECDATA_HOME": str(tmp_path)}
    assert subprocess.run(run, capture_output=True, text=True, check=True, env=home).stdout.endswith("[]\n")


def test_every_verb_says_what_it_does() -> None:
    from recdata.cli import cli

    for verb in cli.list_commands(None):  # type: ignore[arg-type]
        path = PACKAGE / "cli" / f"{verb.replace('-', '_')}.py"
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(f'"""``recdata {verb}``: '), first
        assert first.endswith('."""'), "help shows the first line of the module, so it is one sentence"
        assert cli.get_command(None, verb) is not None  # type: ignore[arg-type]
