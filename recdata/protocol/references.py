"""Citations in the formats that papers and repositories ask for: BibTeX, APA, plain text, CITATION.cff."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from recdata.errors import InputError
from recdata.protocol.bibtex import Entry, parse_bibtex

if TYPE_CHECKING:
    from recdata.protocol.cite import Citation

_KINDS = {
    "article": "article",
    "inproceedings": "conference-paper",
    "book": "book",
    "phdthesis": "thesis",
    "software": "software",
    "techreport": "report",
}


def render(citation: Citation, style: str) -> str:
    """Return a citation in a style: bibtex, apa, text or cff. Raises InputError for another one."""
    if style not in STYLES:
        raise InputError(f"there is no citation format {style!r}; there are {', '.join(STYLES)}")
    return STYLES[style](citation)


def _bibtex(citation: Citation) -> str:
    return "\n\n".join(citation.bibtex)


def _entries(citation: Citation) -> list[Entry]:
    return [entry for text in citation.bibtex for entry in parse_bibtex(text)]


def _apa(citation: Citation) -> str:
    return "\n\n".join(apa(entry) for entry in _entries(citation))


def _text(citation: Citation) -> str:
    listed = [f"[{number}] {apa(entry)}" for number, entry in enumerate(_entries(citation), start=1)]
    return "\n".join([citation.sentence, "", *listed])


def apa(entry: Entry) -> str:
    """Return an entry as APA's seventh edition lists it, without italics."""
    fields = entry.fields
    people = [_apa_name(*person) for person in entry.people()]
    authors = (
        people[0] if len(people) == 1 else ", ".join(people[:-1]) + f", & {people[-1]}" if people else ""
    )
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    if fields.get("journal"):
        where += f", {fields['volume']}" if "volume" in fields else ""
        where += f"({fields['number']})" if "number" in fields else ""
        where += f", {fields['pages']}" if "pages" in fields else ""
    elif fields.get("booktitle"):
        where = f"In {where}" + (f" (pp. {fields['pages']})" if "pages" in fields else "")
    elif fields.get("eprint"):
        where = f"{fields.get('archiveprefix', 'arXiv')}:{fields['eprint']}"
    version = f" (Version {fields['version']})" if "version" in fields else ""
    label = " [Computer software]" if entry.kind == "software" else ""
    link = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", "")
    year = f"({fields.get('year', 'n.d.')})."
    pieces = [
        authors,
        year,
        f"{fields.get('title', entry.key)}{version}{label}.",
        f"{where}." if where else "",
        link,
    ]
    return " ".join(piece for piece in pieces if piece)


def _apa_name(family: str, given: str) -> str:
    initials = " ".join(
        "-".join(f"{part[0]}." for part in word.split("-") if part)
        for word in given.replace(".", ". ").split()
    )
    return f"{family}, {initials}" if initials else family


def _cff(citation: Citation) -> str:
    """Return a CITATION.cff (version 1.2.0) of the corpus or task, the papers as its references."""
    import yaml

    entries = _entries(citation)
    name, _, version = citation.name.partition("#")[0].partition("@")
    document: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": citation.sentence,
        "title": citation.name.partition("#")[0],
        "type": "dataset",
        "version": version.partition("/")[0],
        "authors": _people(entries[0]) if entries else [{"name": name}],
        "identifiers": [
            {
                "type": "other",
                "value": f"sha256:{citation.fingerprint}",
                "description": "recdata's fingerprint of the content",
            }
        ],
        "references": [_reference(entry) for entry in entries],
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000).rstrip()


def _reference(entry: Entry) -> dict[str, Any]:
    fields = entry.fields
    pages = fields.get("pages", "").split("–")
    known: dict[str, Any] = {
        "type": _KINDS.get(entry.kind, "generic"),
        "title": fields.get("title", entry.key),
        "authors": _people(entry),
        "year": int(fields["year"]) if fields.get("year", "").isdigit() else None,
        "journal": fields.get("journal"),
        "collection-title": fields.get("booktitle"),
        "volume": fields.get("volume"),
        "issue": fields.get("number"),
        "start": pages[0] if len(pages) == 2 else None,
        "end": pages[1] if len(pages) == 2 else None,
        "doi": fields.get("doi"),
        "url": fields.get("url"),
        "version": fields.get("version"),
    }
    return {key: value for key, value in known.items() if value is not None}


def _people(entry: Entry) -> list[dict[str, str]]:
    people = [
        {"family-names": family, "given-names": given} if given else {"name": family}
        for family, given in entry.people()
    ]
    return people or [{"name": entry.fields.get("organization", entry.key)}]


STYLES: Mapping[str, Callable[[Citation], str]] = {"bibtex": _bibtex, "apa": _apa, "text": _text, "cff": _cff}
"""The formats by name."""
