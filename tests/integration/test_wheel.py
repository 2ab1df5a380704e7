"""The built wheel in an environment of its own, away from the checkout: nothing that it needs was left behind."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from the checkout, with the hatchling that is installed: an isolated build needs a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return a function that runs a command of an environment that has the wheel, and whose only other packages are
    the dependencies of this one."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    python = folder / "bin" / "python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
    ]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, text=True)
    # A path file's lines go behind the environment's own packages, and path files in those folders are not read:
    # the editable recdata of this environment stays out.
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    theirs = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (own / "dependencies.pth").write_text("".join(f"{path}\n" for path in theirs))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RECDATA_"))
    }
    environment |= {"RECDATA_HOME": str(elsewhere / "home"), "RECDATA_OFFLINE": "1"}

    def run(command, *arguments):
        words = [str(folder / "bin" / command), *arguments]
        done = subprocess.run(words, cwd=elsewhere, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.folder = folder
    return run


def test_the_wheel_holds_the_data_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert len(tops) == 2
    assert all(top == "recdata" or top.endswith(".dist-info") for top in tops)
    for folder, place in (
        ("cards", "data/cards"),
        ("protocols", "data/protocols"),
        ("recdata/schema/json", "schema/json"),
    ):
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        expected = {f"recdata/{place}/{path.relative_to(ROOT / folder).as_posix()}" for path in files}
        assert {name for name in names if name.startswith(f"recdata/{place}/")} == expected
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "recdata/py.typed" in names


def test_every_card_protocol_and_schema_loads(installed):
    script = """
import json, pathlib, recdata
from recdata import resources
from recdata.protocol.document import load_protocol, protocol_files
from recdata.sources.cards import card_names, load_card
schemas = [path.name.split(".")[0] for path in resources.schema("card").parent.glob("*.schema.json")]
for schema in schemas:
    json.loads(resources.schema(schema).read_text())
print(json.dumps({
    "where": str(pathlib.Path(recdata.__file__).parent),
    "cards": [load_card(name).name for name in card_names()],
    "protocols": [load_protocol(name)["name"] for name in protocol_files()],
    "schemas": schemas,
}))
"""
    found = json.loads(installed("python", "-c", script))
    assert Path(found["where"]).is_relative_to(installed.folder)
    assert {"movielens-100k", "synth-small"} <= set(found["cards"])
    assert {"loo-last", "rating-random-80-20"} <= set(found["protocols"])
    assert {"card", "protocol", "manifest"} <= set(found["schemas"])


def test_the_command_line_works_there(installed):
    assert "synth-small" in installed("recdata", "list")
    assert "loo-last" in installed("recdata", "protocols")
    assert "popularity" in installed("recdata", "quickstart")
    task = json.loads(installed("recdata", "split", "synth-small/loo-last", "--json"))
    assert task["counts"]["population"] == 1000
