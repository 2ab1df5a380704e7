"""The shell scripts, with stand-ins for Python and pip: what they install, when, and how they fail."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A Python that notes what it is asked for. "-m venv --clear FOLDER" copies it there, as a real one would.
PYTHON = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >>"$LOG"
case "$*" in
    "-m venv --clear "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    "-m pip install "*) exit "${PIP_EXIT:-0}" ;;
esac
"""
TOOL = """#!/usr/bin/env bash
echo "$(basename "$0") $* | $PWD | ${RECDATA_HOME:-} | ${RECDATA_REQUIRE:-}" >>"$LOG"
test "$(basename "$0")" != "${FAILS:-}"
"""


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose path has spaces: the scripts, pyproject.toml, and nothing else."""
    folder = tmp_path / "some where" / "re c"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    (folder / "pyproject.toml").write_text("[project]\nname = 'recdata'\n")
    return folder


@pytest.fixture
def run(tmp_path, checkout):
    """Return a function that runs a command with stand-ins alone on the PATH; it returns (process, lines noted)."""
    bin_folder, log = tmp_path / "bin", tmp_path / "log"
    bin_folder.mkdir()
    for tool in ("bash", "env", "dirname", "basename", "cat", "cksum", "cp", "mkdir", "mktemp", "rm", "grep"):
        (bin_folder / tool).symlink_to(shutil.which(tool))
    executable(bin_folder / "python3", PYTHON)

    def run(*command, **environment):
        log.write_text("")
        environment = {"PATH": str(bin_folder), "LOG": str(log), "TMPDIR": str(tmp_path), **environment}
        done = subprocess.run(
            ["bash", *map(str, command)], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return done, log.read_text().splitlines()

    run.bin = bin_folder
    return run


@pytest.fixture
def tools(checkout):
    """Put stand-ins for the checks and for recdata where pip would have put them."""
    for tool in ("ruff", "mypy", "pytest"):
        executable(checkout / ".venv-test" / "bin" / tool, TOOL)
    executable(checkout / ".venv" / "bin" / "recdata", TOOL)


def keep_tools(checkout):
    """Let the making of an environment leave the stand-ins be: it is there already."""
    for name in (".venv", ".venv-test"):
        executable(checkout / name / "bin" / "python", PYTHON)
        (checkout / name / "recdata-root").write_text(f"{checkout}\n")


def test_the_first_python_that_runs_is_taken(run, checkout):
    executable(run.bin / "python3.13", "#!/usr/bin/env bash\necho 'no such version' >&2\nexit 127\n")
    executable(run.bin / "python3.11", PYTHON)
    done, _ = run("-c", '. "$0" && find_python', checkout / "scripts" / "venv.sh")
    assert done.stdout == f"{run.bin}/python3.11\n"
    done, _ = run("-c", '. "$0" && find_python', checkout / "scripts" / "venv.sh", RECDATA_PYTHON="python3")
    assert done.stdout == f"{run.bin}/python3\n"


def test_without_a_python_it_says_what_to_install(run, checkout):
    executable(run.bin / "python3", "#!/usr/bin/env bash\nexit 1\n")
    done, _ = run(checkout / "scripts" / "test")
    assert done.returncode != 0
    assert "No Python of version 3.10 or newer" in done.stderr


def test_pip_runs_once_until_pyproject_changes(run, checkout):
    def installs():
        done, lines = run(
            "-c", f'. "{checkout}/scripts/venv.sh" && make_venv "$0" "$0/.venv" ".[x]"', checkout
        )
        assert done.returncode == 0, done.stderr
        return [line.split(" ", 1)[1] for line in lines if "venv --clear" in line or "pip install" in line]

    install = "-m pip install --quiet --disable-pip-version-check -e .[x]"
    assert installs() == [f"-m venv --clear {checkout}/.venv", install]
    assert installs() == []
    (checkout / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert installs() == [install]
    # A checkout that was moved has an environment that points to where it was.
    (checkout / ".venv" / "recdata-root").write_text("/elsewhere\n")
    (checkout / ".venv" / "recdata-stamp").unlink()
    assert installs() == [f"-m venv --clear {checkout}/.venv", install]


def test_an_install_that_fails_is_not_taken_for_done(run, checkout, tools):
    keep_tools(checkout)
    for script in ("test", "quickstart"):
        done, lines = run(checkout / "scripts" / script, PIP_EXIT="1")
        assert done.returncode != 0
        assert not any(line.startswith(("pytest", "recdata")) for line in lines)
        _, lines = run(checkout / "scripts" / script)
        assert any("pip install" in line for line in lines)


def test_test_runs_every_check_in_the_checkout_with_a_store_of_its_own(run, checkout, tools, tmp_path):
    keep_tools(checkout)
    store = tmp_path / "my store"
    done, lines = run(checkout / "scripts" / "test", "-k", "two words", RECDATA_HOME=str(store))
    assert done.returncode == 0, done.stderr
    calls = [line.split(" | ") for line in lines if line.startswith(("ruff", "mypy", "pytest"))]
    assert [call[0].strip() for call in calls] == [
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "pytest -k two words",
    ]
    for _, where, home, _ in calls:
        assert where == str(checkout)
        assert home != str(store)
        assert not Path(home).exists()


@pytest.mark.parametrize("tool", ["ruff", "mypy", "pytest"])
def test_test_fails_if_any_check_does_and_runs_the_others(run, checkout, tools, tool):
    keep_tools(checkout)
    done, lines = run(checkout / "scripts" / "test", FAILS=tool)
    assert done.returncode == 1
    assert len([line for line in lines if line.startswith(("ruff", "mypy", "pytest"))]) == 4
    assert tool == "pytest" or f"failed: {tool}" in done.stderr


def test_quickstart_passes_arguments_on_where_the_user_stands(run, checkout, tools, tmp_path):
    keep_tools(checkout)
    done, lines = run(checkout / "scripts" / "quickstart", "-o", "my results")
    assert done.returncode == 0, done.stderr
    assert [line.split(" | ")[:2] for line in lines if line.startswith("recdata")] == [
        ["recdata quickstart -o my results", str(tmp_path)]
    ]


def test_ci_needs_the_real_files(run, checkout, tools, tmp_path):
    keep_tools(checkout)
    missing = str(tmp_path / "missing")
    done, lines = run(checkout / ".ci" / "run", CI="true", RECDATA_TEST_DATA=missing)
    assert done.returncode == 1
    assert missing in done.stderr
    assert lines == []
    done, lines = run(checkout / ".ci" / "run", CI="true", RECDATA_TEST_DATA=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert lines[-1].endswith(" | data,browser,spark")
    done, _ = run(checkout / ".ci" / "run", CI="true", RECDATA_TEST_DATA=str(tmp_path), FAILS="pytest")
    assert done.returncode == 1


@pytest.mark.parametrize("script", ["scripts/test", "scripts/quickstart", ".ci/run"])
def test_scripts_are_executable_and_name_no_machine(script):
    path = ROOT / script
    assert os.access(path, os.X_OK)
    assert not any(word in path.read_text() for word in ("/home/", "/root/", "/work/", "http:", "https:"))
