"""Templates: how an example becomes a model's input, read from a file that is data."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recdata.errors import InputError, MissingError
from recdata.protocol.answers import LETTERS, Answers
from recdata.schema.documents import check, read_yaml
from recdata.store.manifest import canonical_json

_FOLDER = Path(__file__).parent / "templates"
DEFAULT = "neutral"

_PLACES = {
    "profile.head": {"entries"},
    "profile.entry": {"place", "fields"},
    "profile.fields": {"value"},
    "profile.tail": {"entries"},
    "question": {"input"},
    "options.option": {"letter", "text"},
    "ask.label": {"labels"},
    "ask.number": {"low", "high"},
}
"""The named places that each text may have; the others have none."""


@dataclass(frozen=True)
class Template:
    """A template as its file says it. sha256: of the canonical JSON of that, so that a layout of YAML does not count."""

    document: Mapping[str, Any]
    sha256: str

    @property
    def name(self) -> str:
        """The name with its version: ``neutral@1``."""
        return f"{self.document['name']}@{self.document['version']}"

    def render(
        self,
        entries: Sequence[Mapping[str, Any]],
        question: str,
        options: Sequence[str] | None,
        answers: Answers,
    ) -> str:
        """Return the input for one example.

        entries: what is shown of the profile, in order. options: what is chosen from, None where nothing is.
        """
        return "".join(self._pieces(entries, question, options, answers))

    def _pieces(
        self,
        entries: Sequence[Mapping[str, Any]],
        question: str,
        options: Sequence[str] | None,
        answers: Answers,
    ) -> Iterator[str]:
        profile, chosen = self.document["profile"], self.document["options"]
        if entries:
            yield profile["head"].format(entries=len(entries))
            for place, entry in enumerate(entries, 1):
                fields = "".join(
                    words.format(value=entry[name])
                    for name, words in profile["fields"].items()
                    if entry.get(name)
                )
                yield profile["entry"].format(place=place, fields=fields)
            yield profile["tail"].format(entries=len(entries))
        yield self.document["question"].format(input=question)
        if options:
            yield chosen["head"].format()
            for letter, text in zip(LETTERS, options, strict=False):
                yield chosen["option"].format(letter=letter, text=text)
            yield chosen["tail"].format()
        numbers = {"low": f"{answers.low:g}", "high": f"{answers.high:g}"}
        yield self.document["ask"][answers.type].format(labels=" | ".join(answers.labels), **numbers)


def load(name: str | Path = DEFAULT) -> Template:
    """Return the template called ``name`` ("neutral", "neutral@1"), or that of a YAML file.

    Raises MissingError where there is none, InputError where its file is wrong.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        known = sorted(each.stem for each in _FOLDER.glob("*@*.yaml"))
        fitting = [stem for stem in known if str(name) in (stem, stem.partition("@")[0])]
        if not fitting:
            raise MissingError(
                f"there is no template {str(name)!r}; there are {', '.join(known)}, or give a YAML file"
            )
        path = _FOLDER / f"{max(fitting, key=lambda stem: int(stem.partition('@')[2]))}.yaml"
    document = read_yaml(path)
    check(document, "template", str(path))
    for place, text in _texts(document):
        _check_places(f"{path}, {place}", text, _PLACES.get(place, set()))
    return Template(document, hashlib.sha256(canonical_json(document)).hexdigest())


def _texts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("head", "entry", "tail"):
        yield f"profile.{key}", document["profile"][key]
    for text in document["profile"]["fields"].values():
        yield "profile.fields", text
    yield "question", document["question"]
    for group in ("options", "ask"):
        for key, text in document[group].items():
            yield f"{group}.{key}", text


def _check_places(where: str, text: str, known: set[str]) -> None:
    try:
        found = [
            (name, spec, conversion)
            for _, name, spec, conversion in string.Formatter().parse(text)
            if name is not None
        ]
    except ValueError as error:
        raise InputError(f"{where}: {text!r}: {error}; braces themselves are written {{{{ and }}}}") from None
    for name, spec, conversion in found:
        if name not in known or spec or conversion:
            expected = " or ".join(f"{{{each}}}" for each in sorted(known)) or "no places in braces"
            raise InputError(f"{where}: {{{name}}} has no meaning here; expected {expected}")
