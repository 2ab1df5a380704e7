"""Citing: a sentence that pins a task by name, versions and fingerprint, and the BibTeX that goes with it."""

from __future__ import annotations

from typing import NamedTuple

from recdata.corpora.built import open_corpus
from recdata.errors import MissingError
from recdata.protocol.built import task_folder
from recdata.protocol.document import protocol_of
from recdata.protocol.names import card_of, parse_name
from recdata.protocol.pins import pinned
from recdata.store.manifest import read_manifest
from recdata.version import __version__

PACKAGE = f"""@software{{recdata,
  title = {{recdata}},
  author = {{{{The recdata authors}}}},
  version = {{{__version__}}},
  year = {{2026}}
}}"""


class Citation(NamedTuple):
    """name: with versions and the beginning of the fingerprint. sentence: for a footnote. bibtex: the entries."""

    name: str
    fingerprint: str
    sentence: str
    bibtex: list[str]


def cite(text: str) -> Citation:
    """Return the citation of a corpus or task, from what is built in the store or else from the pins.

    Raises MissingError where it is neither built nor pinned.
    """
    parsed = parse_name(text)
    card = card_of(parsed)
    whole = f"{card.name}@{card.version}"
    built = open_corpus(card.name, card.version)
    edition = built["edition"] if built else card.editions()[0][0]
    known = None if built and built["partial"] else pinned(whole, edition)
    entries = [card.citation.strip(), PACKAGE]
    if parsed.protocol is None:
        fingerprint = built["fingerprint"] if built else (known or {}).get("fingerprint")
        what = f"the corpus {whole}"
    else:
        protocol = protocol_of(parsed)
        key = f"{protocol['name']}@{protocol['version']}"
        folder = task_folder(whole, protocol)
        if (folder / "manifest.json").is_file():
            fingerprint = read_manifest(folder)["fingerprint"]
        else:
            fingerprint = ((known or {}).get("tasks", {}).get(key) or {}).get("fingerprint")
        whole, what = f"{whole}/{key}", f"the split {whole}/{key}"
        entries[1:1] = filter(None, [protocol.get("reference", {}).get("bibtex", "").strip()])
    if fingerprint is None:
        raise MissingError(
            f"{text} is neither built nor pinned, so it has no fingerprint yet; run recdata build or split"
        )
    sample = ", a sample of the corpus" if built and built["partial"] else ""
    sentence = f"We use {what} of recdata {__version__} (fingerprint {fingerprint[:12]}{sample})."
    # A protocol may be of the paper that its corpus is of.
    return Citation(f"{whole}#{fingerprint[:12]}", fingerprint, sentence, list(dict.fromkeys(entries)))
