"""Exported folders: read by datasets and mlcroissant without recdata's help, whole, and caught when they are altered."""

import hashlib
import json
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import datasets
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner
from published import compare

from recdata.cli import cli
from recdata.errors import InputError, MismatchError
from recdata.hub import configs
from recdata.hub.export import export
from recdata.hub.manifest import read_export
from recdata.hub.prepare import prepare
from recdata.hub.publish import publish
from recdata.hub.rows import check_rows
from recdata.hub.verify import verify_export


def load(folder, config, tmp_path, **options):
    return datasets.load_dataset(str(folder), config, cache_dir=str(tmp_path / "cache"), **options)


def head(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    return yaml.safe_load(text.split("---\n")[1])


def test_rows_are_those_of_the_tasks(synth, tmp_path):
    compare(lambda config: load(synth.folder, config, tmp_path), synth.manifest, synth.corpus, synth.tasks)


def test_rows_of_a_real_corpus(data, tmp_path):
    """MovieLens 100k with every protocol that is pinned of it."""
    corpus, tasks, of = prepare("movielens-100k", from_path=data / "movielens" / "ml-100k")
    assert len(tasks) >= 18
    folder = tmp_path / "export"
    manifest = export(corpus, tasks, folder, of=of, permission="of the test, which publishes nothing")
    assert manifest["rows"]
    compare(lambda config: load(folder, config, tmp_path), manifest, corpus, tasks)


def test_card_is_complete(synth):
    text = (synth.folder / "README.md").read_text(encoding="utf-8")
    data = head(synth.folder)
    assert data["license"] == "cc0-1.0"
    assert [c["config_name"] for c in data["configs"] if c.get("default")] == ["interactions"]
    assert {c["config_name"] for c in data["configs"]} == {i["config_name"] for i in data["dataset_info"]}
    for section in (
        "Load it",
        "Where it comes from, how it was built",
        "Schema",
        "Statistics",
        "Protocols",
        "Intended use",
        "Limits",
        "Privacy",
        "Licence",
        "Citation",
        "Score and submit",
        "Changes",
    ):
        assert f"\n## {section}\n" in text
    assert "![rows by month; rows by rating; " in text
    assert "](statistics.svg)" in text
    picture = ElementTree.parse(synth.folder / "statistics.svg").getroot()
    titles = [
        each.text for each in picture.iter("{http://www.w3.org/2000/svg}text") if each.get("class") == "title"
    ]
    assert titles[:2] == ["rows by month", "rows by rating"]
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}rect"))) > 40
    for task in synth.tasks:
        assert task.fingerprint[:12] in text


def test_croissant_is_valid_and_loads_offline(synth):
    code = (
        "import json\n"
        "count = {r.id: sum(1 for _ in data.records(r.id)) for r in data.metadata.record_sets if 'train' not in r.id"
        " and 'interactions' not in r.id and 'candidates' not in r.id}\n"
        "first = next(iter(data.records('items/full')))\n"
        "print(json.dumps([count, str(first)]))\n"
    )
    done = croissant(synth.folder, code)
    assert done.returncode == 0, done.stderr
    count, first = json.loads(done.stdout.splitlines()[-1])
    assert count["items/full"] == 1500
    assert count["loo-last/test"] == 1000
    assert "community-7" in first
    document = json.loads((synth.folder / "croissant.json").read_text())
    for file in document["distribution"]:
        body = (synth.folder / file["contentUrl"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == file["sha256"]


def croissant(folder, code):
    """Run code on ``data``, the folder's Croissant as mlcroissant loads it; in a process of its own, as it keeps a cache."""
    start = "import mlcroissant as mlc, sys\ndata = mlc.Dataset(sys.argv[1])\n"
    start += "assert not data.metadata.ctx.issues.errors, data.metadata.ctx.issues.errors\n"
    command = [sys.executable, "-c", start + code, str(folder / "croissant.json")]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder.parent)


def flip(path):
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def test_a_flipped_byte_is_caught_by_mlcroissant_and_by_recdata(synth, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(synth.folder, folder)
    assert all(check.ok for check in verify_export(folder))
    flip(folder / "data" / "items" / "full-00000-of-00001.parquet")
    done = croissant(folder, "next(iter(data.records('items/full')))")
    assert done.returncode != 0
    assert "is not identical with the" in done.stderr
    with pytest.raises(MismatchError, match=r"full-00000-of-00001.parquet is not the file"):
        publish(folder, "org/x", dry_run=True)
    assert [check.what for check in verify_export(folder) if not check.ok] == [
        "data/items/full-00000-of-00001.parquet"
    ]
    flip(folder / "README.md")
    result = CliRunner().invoke(cli, ["verify", str(folder)])
    assert "DIFFERS  README.md: its bytes were changed" in result.output
    assert isinstance(result.exception, MismatchError)


def test_several_shards(synth, tmp_path, monkeypatch):
    monkeypatch.setattr(configs, "ROW_GROUP", 5000)
    monkeypatch.setattr(configs, "WIDE_GROUP", 100)
    folder = tmp_path / "shards"
    manifest = export(synth.corpus, synth.tasks[:1], folder, shard_bytes=1_000)
    kinds = manifest["configs"]
    assert len(kinds["interactions"]["splits"]["full"]["files"]) > 3
    files = kinds["items"]["splits"]["full"]["files"]
    assert len(files) > 3
    loaded = load(folder, "loo-last", tmp_path)
    check_rows(loaded, synth.tasks[0].fingerprint)
    streamed = load(folder, "items", tmp_path, split="full", streaming=True)
    rows = synth.corpus.manifest["counts"]["items"]
    assert sum(1 for _ in streamed) == rows

    # mlcroissant compares no checksums of a set of files, but those of each shard.
    done = croissant(folder, "print(sum(1 for _ in data.records('items/full')))")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) == rows
    flip(folder / files[2]["file"])
    done = croissant(
        folder,
        "print(sum(1 for n in (0, 1, 3) for _ in data.records(f'items/full/{n:05d}')))\n"
        "next(iter(data.records('items/full/00002')))",
    )
    assert done.returncode != 0
    assert "is not identical with the" in done.stderr
    assert int(done.stdout.splitlines()[-1]) == sum(files[n]["rows"] for n in (0, 1, 3))
    assert [check.what for check in verify_export(folder) if not check.ok] == [files[2]["file"]]


def test_num_examples_off_by_one_is_caught_by_datasets(synth, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(synth.folder, folder)
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8")
    assert text.count("num_examples: 1500") == 1
    readme.write_text(text.replace("num_examples: 1500", "num_examples: 1501"), encoding="utf-8")
    with pytest.raises(datasets.exceptions.DatasetsError):
        load(folder, "items", tmp_path)


def test_other_rows_and_other_order_are_refused(synth, tmp_path):
    task = synth.tasks[0]
    loaded = load(synth.folder, "loo-last", tmp_path)
    with pytest.raises(MismatchError, match="another revision"):
        check_rows(loaded, "0" * 12)
    fewer = {**loaded, "train": loaded["train"].select(range(1, len(loaded["train"])))}
    with pytest.raises(MismatchError):
        check_rows(fewer, task.fingerprint)
    with pytest.raises(MismatchError):
        check_rows({**loaded, "train": loaded["train"].shuffle(seed=1)}, task.fingerprint)
    with pytest.raises(InputError, match="hex digits"):
        check_rows(loaded, "zz")


def test_an_export_twice_is_the_same_bytes_and_other_folders_are_left_alone(synth, tmp_path):
    folder = tmp_path / "again"
    for _ in range(2):
        export(synth.corpus, synth.tasks, folder)
        assert (folder / "SHA256SUMS").read_bytes() == (synth.folder / "SHA256SUMS").read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="not exported by recdata"):
        export(synth.corpus, [], other)
    assert (other / "thesis.tex").read_text() == "years of work"


def test_checksums_cover_every_file(synth):
    lines = (synth.folder / "SHA256SUMS").read_text().splitlines()
    named = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    there = {p.relative_to(synth.folder).as_posix() for p in synth.folder.rglob("*") if p.is_file()}
    assert set(named) == there - {"SHA256SUMS"}
    for name, digest in named.items():
        assert hashlib.sha256((synth.folder / name).read_bytes()).hexdigest() == digest


def test_a_changed_manifest_is_refused(synth, tmp_path):
    path = tmp_path / "manifest.json"
    document = json.loads((synth.folder / "manifest.json").read_text())
    document["licence"]["may_redistribute"] = False
    path.write_text(json.dumps(document))
    with pytest.raises(MismatchError, match="was changed"):
        read_export(path, "it")


def test_a_task_alone_is_the_default_config(synth, tmp_path):
    folder = tmp_path / "task"
    manifest = export(synth.corpus, synth.tasks[:1], folder, of=synth.tasks[0])
    assert manifest["name"] == "synth-small@1.0.0/loo-last@1"
    assert manifest["tag"] == "v1.0.0-loo-last.1"
    assert list(load(folder, None, tmp_path)) == ["train", "valid", "test"]
    evaluation = yaml.safe_load((folder / "eval.yaml").read_text())
    assert evaluation["tasks"] == [{"id": "loo-last", "config": "loo-last", "split": "test"}]


def test_the_recipe_has_no_rows(ml):
    """No Parquet file of a recipe has another column than the hashes, and no text the title of a film."""
    assert not ml.manifest["rows"]
    paths = sorted(ml.folder.rglob("*.parquet"))
    assert paths
    for path in paths:
        assert pq.read_schema(path).names == ["pair"]
    assert head(ml.folder)["license_name"] == "grouplens-usage-licence-ml-100k"
    everything = b"".join(path.read_bytes() for path in ml.folder.rglob("*") if path.is_file())
    for title in ml.corpus.to_arrow("items").column("title").to_pylist()[:50]:
        assert title.encode() not in everything
    text = (ml.folder / "README.md").read_text()
    assert "There are no rows here" in text
    for task in ml.tasks:
        assert f'recdata.task("{task.citation}"' in text
        assert (
            ml.folder / "protocols" / f"{task.protocol['name']}@{task.protocol['version']}.yaml"
        ).is_file()
