"""Citing in every format, the way back, and what the cards' BibTeX gives."""

import re
import subprocess
import sys

import pytest
import yaml

from recdata import api, errors
from recdata.protocol.bibtex import parse_bibtex, plain
from recdata.protocol.cite import cite
from recdata.protocol.document import load_protocol, protocol_files
from recdata.protocol.references import STYLES, apa, render
from recdata.protocol.resolve import cited_name, resolve
from recdata.sources.cards import card_names, load_card

ENTRY = r"""@article{harper2015movielens,
  author = {Harper, F. Maxwell and Konstan, Joseph A.},
  title = {The {MovieLens} Datasets: History and Context},
  journal = {ACM Transactions on Interactive Intelligent Systems},
  volume = {5},
  number = {4},
  pages = {19:1--19:19},
  year = {2015},
  doi = {10.1145/2827872}
}"""


def test_apa():
    (entry,) = parse_bibtex(ENTRY)
    assert apa(entry) == (
        "Harper, F. M., & Konstan, J. A. (2015). The MovieLens Datasets: History and Context. ACM Transactions on "
        "Interactive Intelligent Systems, 5(4), 19:1–19:19. https://doi.org/10.1145/2827872"
    )


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Kr{\'e}mer", "Krémer"),
        (r"Kr\'emer", "Krémer"),
        (r"M{\"u}ller", "Müller"),
        (r"{\O}rsted", "Ørsted"),
        (r"Gon{\c{c}}alves", "Gonçalves"),
        (r"{ACM} \& {IEEE}", "ACM & IEEE"),
        (r"Zaj{\k{a}}c", "Zając"),
        (r"1--2", "1–2"),
    ],
)
def test_latex_as_people_read_it(latex, text):
    assert plain(latex) == text


def test_people():
    (entry,) = parse_bibtex(
        "@misc{a, author = {{The recdata authors} and Jane A. Doe and van Dyk, Eva}, year = 2020}"
    )
    assert entry.people() == [("The recdata authors", ""), ("Doe", "Jane A."), ("van Dyk", "Eva")]
    assert entry.fields["year"] == "2020"
    with pytest.raises(errors.InputError, match="never closed"):
        parse_bibtex("@misc{a, title = {b}")


def test_every_card_and_protocol_can_be_cited_in_every_format():
    texts = {name: load_card(name).citation for name in card_names()}
    for short, versions in protocol_files().items():
        for version in versions:
            texts[f"{short}@{version}"] = (
                load_protocol(f"{short}@{version}").get("reference", {}).get("bibtex", "")
            )
    for name, text in texts.items():
        entries = parse_bibtex(text)
        assert len(entries) == len(re.findall(r"^\s*@\w+\s*\{", text, re.MULTILINE)), name
        for entry in entries:
            assert entry.fields.get("title"), name
            assert entry.people(), name
            assert entry.fields["year"].isdigit(), name
            assert not re.search(r"[{}\\]", apa(entry)), (name, apa(entry))


@pytest.mark.parametrize("style", STYLES)
def test_formats(synth, style):
    text = render(cite("synth-small/loo-last"), style)
    assert "Flexible Generation" in text
    if style == "cff":
        document = yaml.safe_load(text)
        assert document["cff-version"] == "1.2.0"
        assert document["type"] == "dataset"
        assert document["version"] == "1.0.0"
        assert document["identifiers"][0]["value"] == f"sha256:{synth.tasks[0].fingerprint}"
        assert document["authors"][0] == {"family-names": "Mungari", "given-names": "Simone"}
        assert len(document["references"]) == 2
    if style == "text":
        assert synth.tasks[0].fingerprint[:12] in text
        assert "[1] " in text


def test_an_unknown_format():
    with pytest.raises(errors.InputError, match="bibtex, apa, text, cff"):
        render(cite("synth-small"), "mla")


def test_there_and_back(synth):
    """What cite prints, as a name and as a sentence, resolve finds."""
    for text in ("synth-small", "synth-small/loo-last"):
        citation = cite(text)
        for said in (citation.name, citation.sentence):
            found = resolve(said, api.load, api.task)
            assert found.fingerprint == citation.fingerprint
            assert sum(found.files.values()) > 0


def test_other_bytes_are_refused_loudly(synth, tmp_path, monkeypatch):
    citation = cite("synth-small/loo-last")
    with pytest.raises(errors.MismatchError, match="the bytes differ"):
        resolve(citation.name.partition("#")[0] + "#000000000000", api.load, api.task)
    for text in (
        "synth-small/loo-last",
        "synth-small@1.0.0",
        "synth-small#359c5bc29984",
        "hf://datasets/o/n@v1.0.0",
    ):
        with pytest.raises(errors.InputError):
            cited_name(text)
    monkeypatch.setenv("RECDATA_HOME", str(tmp_path))
    task = api.task("synth-small/loo-last")
    path = task.folder / "test.parquet"
    body = bytearray(path.read_bytes())
    body[100] ^= 1
    path.write_bytes(body)
    with pytest.raises(errors.MismatchError, match=r"test\.parquet"):
        resolve(citation.name, api.load, api.task)


def test_the_command_line(synth):
    name = cite("synth-small/loo-last").name
    done = subprocess.run([sys.executable, "-m", "recdata", "resolve", name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "the bytes are those that were cited" in done.stderr
    wrong = name.partition("#")[0] + "#abcabcabcabc"
    done = subprocess.run([sys.executable, "-m", "recdata", "resolve", wrong], capture_output=True, text=True)
    assert done.returncode == 5
    done = subprocess.run(
        [sys.executable, "-m", "recdata", "cite", name.partition("#")[0], "--format", "apa"],
        capture_output=True,
        text=True,
    )
    assert "(Version 0.1.0) [Computer software]" in done.stdout
