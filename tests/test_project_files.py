"""The files that stand at the top of the tree say the same as the package."""

import hashlib
from pathlib import Path

import yaml

from recdata.version import __version__

ROOT = Path(__file__).resolve().parent.parent


def test_the_licence_is_the_apache_licence_to_the_byte():
    text = (ROOT / "LICENSE").read_bytes()
    expected = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert hashlib.sha256(text).hexdigest() == expected


def test_the_citation_file_has_what_cff_demands_and_this_version():
    document = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert document["cff-version"] == "1.2.0"
    assert document["message"]
    assert document["title"]
    assert all(set(author) == {"name"} for author in document["authors"])
    assert document["version"] == __version__
    assert document["license"] == "Apache-2.0"


def test_the_changelog_speaks_of_this_version():
    assert f"\n## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
