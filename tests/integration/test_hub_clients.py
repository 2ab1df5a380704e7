"""The real clients against a Hub stand-in: publishing, loading, streaming, and what goes wrong on the way."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml
from hubclient import Client, answer
from hubserver import TOKEN, Hub

ROOT = Path(__file__).resolve().parents[2]
CARD = (ROOT / "cards" / "synth-small.yaml").read_text(encoding="utf-8")


def own_card(folder: Path, version: str = "1.0.0", **options: Any) -> Path:
    """Write a card of one's own: the generated corpus, with other parameters."""
    card = yaml.safe_load(CARD)
    card |= {"name": "grown", "version": version, "expected": {}}
    card["options"] |= options
    if version != "1.0.0":
        card["changes"] = [{"version": version, "what": "Rows that were missing were added."}]
    path = folder / "grown.yaml"
    path.write_text(yaml.safe_dump(card, sort_keys=False), encoding="utf-8")
    return path


# A stream that was left early sometimes aborts the interpreter as it goes down ("terminate called without an active
# exception", seen with datasets 3.6), after the answer is out: so the client leaves without taking itself apart.
LOAD = """
import json, os, sys, datasets
from recdata.hub.rows import task_fingerprint
repo, revision, configs = json.loads(sys.argv[1]) if len(sys.argv) > 1 else ARGS
out = {}
for config in configs:
    rows = datasets.load_dataset(repo, config, revision=revision)
    out[config] = {split: len(table) for split, table in rows.items()}
    if "test" in rows and "rating" in rows["test"].column_names:
        out[config]["fingerprint"] = task_fingerprint({k: t.with_format("arrow")[:] for k, t in rows.items()})
    stream = datasets.load_dataset(repo, config, revision=revision, streaming=True)
    for split, table in rows.items():
        head = [row for row, _ in zip(stream[split], range(5))]
        assert head == [table[i] for i in range(min(5, len(table)))], (config, split)
print(json.dumps([datasets.__version__, out]), flush=True)
os._exit(0)
"""


def loading(repo: str, revision: str | None, configs: list[str]) -> str:
    return f"ARGS = {[repo, revision, configs]!r}\n{LOAD}"


def test_publish_load_and_publish_again(hub: Hub, run: Client, old_clients: Path) -> None:
    publish = ["publish", "synth-small", "--repo", "org/synth", "--protocols", "loo-last,loo-last-100u"]
    planned = json.loads(run([*publish, "--dry-run", "--json"]).stdout)
    assert planned["create"]
    assert planned["tag"] == "v1.0.0"
    assert not hub.uploads()
    assert not hub.repos

    run(publish)
    repo = hub.repos["dataset", "org/synth"]
    assert list(repo.tags) == ["v1.0.0"]
    assert set(planned["send"]) == set(repo.trees[repo.tags["v1.0.0"]]) - {".gitattributes"}
    assert set(hub.sent.values()) == {1}, "each large file goes up once, though two tasks share a part"

    hub.forget()
    again = run(publish)
    assert "nothing to do" in again.stderr
    assert hub.bytes_sent == 0
    assert not hub.uploads()

    # Other content under the same version: refused, and nothing is changed.
    refused = run([*publish[:-1], "loo-last"], ok=False)
    assert refused.returncode == 5
    assert "needs a new version" in refused.stderr
    assert not hub.uploads()

    # Plain load_dataset, newest and 3.6, by tag and by main, in memory and streaming.
    expected = {
        "interactions": {"full": 49282},
        "loo-last": {"train": 47282, "valid": 1000, "test": 1000},
        "loo-last-100u-candidates": {"test": 101000},
    }
    stored = json.loads(run(["export", "synth-small/loo-last", "exported", "--json"]).stdout)
    for path, revision, configs in (
        (None, "v1.0.0", list(expected)),
        (old_clients, "v1.0.0", list(expected)),
        (old_clients, None, ["loo-last"]),
    ):
        client = loading("org/synth", revision, configs)
        version, rows = answer(run(client, home=f"load{path is None}{revision}", path=path))
        assert version.startswith("3.6") is (path is not None)
        assert rows["loo-last"].pop("fingerprint") == stored["fingerprint"]
        assert rows == {config: expected[config] for config in configs}

    # recdata, on another machine.
    code = """
import json, recdata
from recdata.errors import RecdataError
def attempt(load, text):
    try:
        return load(text).fingerprint
    except RecdataError as error:
        return [error.exit_code, str(error)]
at = "hf://datasets/org/synth"
print(json.dumps([
    attempt(recdata.load, at + "@v1.0.0"),
    attempt(recdata.task, at + "@v1.0.0/loo-last"),
    attempt(recdata.task, at + "/loo-last-100u@1"),
    attempt(recdata.task, "synth-small/loo-last"),
    attempt(recdata.load, at + "@v9.0.0"),
    attempt(recdata.task, at + "/loo-last#000000000000"),
    attempt(recdata.load, "hf://datasets/org/elsewhere"),
    attempt(recdata.task, at),
]))
"""
    corpus, task, sampled, local, revision, bytes_, nowhere, unnamed = answer(run(code, home="other"))
    assert corpus == stored["corpus"]["fingerprint"]
    assert task == local == stored["fingerprint"]
    assert len(sampled) == 64
    assert revision[0] == 4
    assert "no such revision" in revision[1]
    assert bytes_[0] == 5
    assert nowhere[0] == 4
    assert unnamed[0] == 3
    assert "loo-last, loo-last-100u" in unnamed[1]


def test_second_version_offline_and_superseded(
    hub: Hub, run: Client, tmp_path: Path, old_clients: Path
) -> None:
    """Two versions on the Hub; datasets offline gives what it has, recdata refuses what was not asked for."""
    few = [{"weight": 1, "shape": "uniform", "low": 5, "high": 20}]
    small = {"users": 200, "items": 900, "engagement": few}
    for version, seed in (("1.0.0", 1), ("2.0.0", 2)):
        card = own_card(tmp_path, version, seed=seed, **small)
        code = (
            "from pathlib import Path\nfrom recdata.sources.cards import read_card\n"
            "from recdata.corpora.build import build\n"
            f"build(read_card(Path({str(card)!r})))\n"
        )
        run(code)
        path = old_clients if version == "2.0.0" else None
        run(["publish", f"grown@{version}", "--repo", "org/grown", "--protocols", "loo-last"], path=path)
    repo = hub.repos["dataset", "org/grown"]
    assert list(repo.tags) == ["v1.0.0", "v2.0.0"]
    assert repo.tags["v1.0.0"] != repo.tags["v2.0.0"] == repo.refs["main"]

    ask = """
import json, warnings, recdata
from recdata.errors import RecdataError
out = []
for revision in ("v1.0.0", "v2.0.0"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = recdata.load("hf://datasets/org/grown@" + revision).name
        except RecdataError as error:
            found = [error.exit_code, str(error)]
    out.append([found, [str(w.message) for w in caught if "superseded" in str(w.message)]])
print(json.dumps(out))
"""
    first, second = answer(run(ask, home="reader"))
    assert first[0] == "grown@1.0.0"
    assert first[1] == ["org/grown: 1.0.0 is superseded by 2.0.0: Rows that were missing were added."]
    assert second == ["grown@2.0.0", []]

    # What changed between them, and a citation of one of them followed.
    at = "hf://datasets/org/grown@v{}.0.0"
    changed = json.loads(run(["diff", at.format(1), at.format(2), "--json"], home="reader").stdout)
    assert changed["kinds"]["interactions"]["added"]
    assert not changed["same"]
    fingerprint = changed["after"]["fingerprint"]
    found = json.loads(run(["resolve", f"{at.format(2)}#{fingerprint[:12]}", "--json"], home="reader").stdout)
    assert found["fingerprint"] == fingerprint
    loud = run(["resolve", f"{at.format(1)}#{fingerprint[:12]}"], home="reader", ok=False)
    assert loud.returncode == 5
    assert "the bytes differ" in loud.stderr

    # A revision that is not there.
    rows = (
        "import sys; sys.modules['recdata'] = None  # nothing else has to be installed\n"
        "import datasets; print(len(datasets.load_dataset('org/grown', 'loo-last', revision={!r})['train']))"
    )
    for path in (None, old_clients):
        nowhere = run(rows.format("v3.0.0"), home=f"nowhere{path is None}", path=path, ok=False)
        assert "v3.0.0" in nowhere.stderr

    # Offline with only version 1 in the cache.
    one = int(run(rows.format("v1.0.0"), home="offline").stdout.split()[-1])
    two = int(run(rows.format("v2.0.0"), home="elsewhere").stdout.split()[-1])
    assert one != two
    run("import recdata; recdata.load('hf://datasets/org/grown@v1.0.0')", home="offline")
    away = {"HF_HUB_OFFLINE": "1", "home": "offline"}
    wrong = int(run(rows.format("v2.0.0"), **away).stdout.split()[-1])
    assert wrong == one, "datasets gives version 1 where version 2 was asked for: the reason for all of this"
    first, second = answer(run(ask, **away))
    assert first[0] == "grown@1.0.0"
    assert second[0][0] == 4
    assert "has no such revision" in second[0][1]
    check = """
import datasets, sys
from recdata.hub.rows import check_rows
check_rows(datasets.load_dataset("org/grown", "loo-last", revision="v2.0.0"), sys.argv[1] if len(sys.argv) > 1 else FP)
"""
    manifest = json.loads(hub.body(repo.trees[repo.tags["v2.0.0"]]["manifest.json"]))
    wanted = manifest["tasks"]["loo-last"]["fingerprint"]
    refused = run(f"FP = {wanted!r}\n{check}", ok=False, **away)
    assert "offline, datasets gives whatever is in its cache" in refused.stderr
    run(f"FP = {wanted!r}\n{check}", home="elsewhere")

    # What is older than main is not published over it.
    repo.tags.clear()
    back = run(["publish", "grown@2.0.0", "--repo", "org/grown", "--protocols", "loo-last"])
    assert list(repo.tags) == ["v2.0.0"]
    assert "0 files" in back.stderr, "an upload whose tag is missing only gets the tag"


def test_an_interrupted_upload_is_taken_up(hub: Hub, run: Client) -> None:
    publish = ["publish", "synth-small", "--repo", "org/cut", "--protocols", "loo-last"]
    hub.fail_after = 3
    code = (
        "import huggingface_hub.utils._http as h, sys, time\ntime.sleep = lambda s: None\n"
        f"sys.argv = ['recdata', *{publish!r}]\nfrom recdata.cli import main\nmain()"
    )
    broken = run(code, ok=False)
    assert broken.returncode == 6, broken.stderr
    assert len(hub.large) == 3
    repo = hub.repos["dataset", "org/cut"]
    assert len(repo.trees) == 1, "nothing was committed"
    assert not repo.tags
    hub.fail_after = None
    run(publish)
    assert set(hub.sent.values()) == {1}, "what had arrived was not sent again"
    assert list(repo.tags) == ["v1.0.0"]
    assert len(repo.trees) == 2, "one commit"


def test_licences_are_obeyed_and_the_recipe_proves_equality(hub: Hub, run: Client, data: Path) -> None:
    source = str(data / "movielens" / "ml-100k")
    publish = ["publish", "movielens-100k/loo-last", "--from", source]
    refused = run([*publish, "--repo", "org/rows", "--rows"], ok=False)
    assert refused.returncode == 3
    assert "GroupLens usage licence (ml-100k)" in refused.stderr
    assert "--i-have-permission" in refused.stderr
    public = run(
        [*publish, "--repo", "org/rows", "--i-have-permission", "GroupLens, letter of 2 May"], ok=False
    )
    assert "GroupLens usage licence (ml-100k)" in public.stderr
    assert "--private" in public.stderr
    assert not hub.repos

    run([*publish, "--repo", "org/rows", "--i-have-permission", "GroupLens, letter of 2 May", "--private"])
    repo = hub.repos["dataset", "org/rows"]
    assert repo.private
    readme = hub.body(repo.trees[repo.refs["main"]]["README.md"]).decode()
    assert "GroupLens, letter of 2 May" in readme
    stranger = run(
        "import recdata; recdata.load('hf://datasets/org/rows')", token=None, ok=False, home="stranger"
    )
    assert "is private and the token does not allow it" in stranger.stderr
    plain = "import datasets; print(len(datasets.load_dataset('org/rows', 'loo-last', split='test')))"
    assert int(run(plain, home="friend").stdout.split()[-1]) == 943
    assert "org/rows" in run(plain, token=None, ok=False, home="stranger").stderr

    # A repository that is public already does not get the rows.
    run([*publish, "--repo", "org/recipe"])
    assert not hub.repos["dataset", "org/recipe"].private
    over = run([*publish, "--repo", "org/recipe", "--i-have-permission", "yes", "--private"], ok=False)
    assert "is public already" in over.stderr

    code = f"""
import json, recdata
task = recdata.task("hf://datasets/org/recipe@v1.0.0-loo-last.1", from_path={source!r})
print(json.dumps([task.name, task.fingerprint]))
"""
    name, fingerprint = answer(run(code, home="another"))
    assert name == "movielens-100k@1.0.0/loo-last@1"
    there = hub.repos["dataset", "org/recipe"]
    manifest = json.loads(hub.body(there.trees[there.refs["main"]]["manifest.json"]))
    assert fingerprint == manifest["fingerprint"]
    assert not manifest["rows"]


def test_a_site_and_a_ledger(hub: Hub, run: Client, tmp_path: Path) -> None:
    site, ledger = tmp_path / "site", tmp_path / "ledger"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_text("<title>Leaderboard</title>")
    (site / "assets" / "style.css").write_text("body {}")
    (site / ".git").mkdir()
    (site / ".git" / "config").write_text("url = https://user:secret@host")
    ledger.mkdir()
    (ledger / "README.md").write_text("# The ledger\n")
    (ledger / "entries.jsonl").write_text('{"result": 1}\n')
    run(["publish", str(site), "--repo", "org/board"])
    run(["publish", str(ledger), "--repo", "org/ledger"])
    space, dataset = hub.repos["space", "org/board"], hub.repos["dataset", "org/ledger"]
    assert space.sdk == "static"
    tree = space.trees[space.refs["main"]]
    assert set(tree) == {".gitattributes", "README.md", "index.html", "assets/style.css"}
    assert b"sdk: static" in hub.body(tree["README.md"])
    kept = dataset.trees[dataset.refs["main"]]
    assert hub.body(kept["entries.jsonl"]) == b'{"result": 1}\n'
    head, words = hub.body(kept["README.md"]).decode()[4:].split("---\n")
    assert yaml.safe_load(head)["pretty_name"] == "ledger"
    assert words.strip() == "# The ledger"
    hub.forget()
    run(["publish", str(site), "--repo", "org/board"])
    assert not hub.uploads()
    (site / "assets" / "style.css").unlink()
    run(["publish", str(site), "--repo", "org/board", "--tag", "may"])
    assert "assets/style.css" not in space.trees[space.tags["may"]]
    (site / "index.html").write_text("<title>Other</title>")
    moved = run(["publish", str(site), "--repo", "org/board", "--tag", "may"], ok=False)
    assert "a tag is never moved" in moved.stderr


def test_a_flipped_byte_on_the_hub_is_refused(hub: Hub, run: Client, tmp_path: Path) -> None:
    run(["publish", "synth-small", "--repo", "org/synth", "--protocols", "loo-last"])
    repo = hub.repos["dataset", "org/synth"]
    oid = repo.trees[repo.refs["main"]]["data/users/full-00000-of-00001.parquet"].sha256
    body = bytearray(hub.large[str(oid)])
    body[len(body) // 2] ^= 1
    hub.large[str(oid)] = bytes(body)
    refused = run("import recdata; recdata.load('hf://datasets/org/synth@v1.0.0')", home="reader", ok=False)
    assert "users/full-00000-of-00001.parquet is not the file that was published" in refused.stderr
    assert not list((tmp_path / "reader" / "store").glob("corpora/synth*/manifest.json"))


def test_no_token_anywhere(hub: Hub, run: Client, tmp_path: Path) -> None:
    """Without a token, with a wrong one, with the right one, everything logged: it is in no output, file or process list."""
    publish = ["publish", "synth-small", "--repo", "org/synth", "--protocols", "loo-last"]
    without = run(publish, token=None, ok=False)
    assert without.returncode == 4
    assert "hf auth login" in without.stderr
    wrong = run(publish, token="hf_" + "WrongOne" * 4, ok=False)
    assert wrong.returncode == 4

    # While it uploads, what anybody on this machine sees of its processes.
    hub.open.clear()
    process = run.start(publish, HF_DEBUG="1", HF_HUB_VERBOSITY="debug")
    while process.poll() is None and not any("/storage/" in path for _, path in hub.requests):
        time.sleep(0.05)
    assert process.poll() is None
    commands = {}
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            commands[each.pid] = "\0".join(each.cmdline())
    hub.open.set()
    assert "publish\0synth-small" in commands[process.pid]
    assert not any(TOKEN in command for command in commands.values())
    done = run.finish(process)
    assert done.returncode == 0, done.stderr
    assert hub.repos["dataset", "org/synth"].tags

    said = "".join(hub.seen)
    assert TOKEN not in said
    assert "WrongOne" not in said
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path
    for repo in hub.repos.values():
        for tree in repo.trees.values():
            assert not any(TOKEN.encode() in hub.body(entry) for entry in tree.values())


def test_a_million_rows_go_up_once(hub: Hub, run: Client, tmp_path: Path) -> None:
    card = own_card(
        tmp_path,
        users=9000,
        items=12000,
        engagement=[{"weight": 1, "shape": "uniform", "low": 90, "high": 160}],
    )
    code = f"""
from pathlib import Path
from recdata.corpora.build import build
from recdata.corpora.corpus import Corpus
from recdata.hub.export import export
from recdata.sources.cards import read_card
corpus = Corpus.open(build(read_card(Path({str(card)!r}))))
manifest = export(corpus, [], Path("million"), shard_bytes=1 << 20)
print(manifest["corpus"]["counts"]["interactions"])
"""
    assert int(run(code).stdout.split()[-1]) >= 1_000_000
    publish = ["publish", "million", "--repo", "org/million"]
    planned = json.loads(run([*publish, "--dry-run", "--json"]).stdout)
    assert sum("interactions" in path for path in planned["send"]) > 4
    run(publish)
    assert set(hub.sent.values()) == {1}
    assert hub.bytes_sent == sum(planned["send"].values())
    hub.forget()
    assert "nothing to do" in run(publish).stderr
    assert hub.bytes_sent == 0
    assert not hub.uploads()
