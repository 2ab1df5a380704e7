"""Comparisons for people: text for a terminal, Markdown, LaTeX (booktabs, superscripts)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def text(found: Mapping[str, Any]) -> str:
    """Return the comparison as aligned plain text."""
    head = [
        f"{found['metric']} over {found['users']:,} {found['unit']}"
        + (f" of {found['task']}" if found["task"] else "")
    ]
    head += ["", *_align(_systems(found))]
    head += ["", *_align(_pairs(found)), "", _footnote(found)]
    for pair in found["pairs"]:
        if pair["slices"]:
            names = (found["systems"][pair[side]]["name"] for side in ("a", "b"))
            rows = [("users with ... training rows", "users", "difference", "wins/ties/losses")]
            rows += [
                (each["slice"], f"{each['users']:,}", f"{each['difference']:+.4f}", _outcome(each))
                for each in pair["slices"]
            ]
            head += ["", "{} against {}".format(*names), *_align(rows)]
    return "\n".join(head)


def markdown(found: Mapping[str, Any]) -> str:
    """Return the comparison as Markdown tables."""
    parts = [_markdown_table(rows) for rows in (_systems(found), _pairs(found))]
    return "\n\n".join([*parts, _footnote(found)])


def latex(found: Mapping[str, Any], test: str = "randomisation") -> str:
    """Return a booktabs table; superscripts name the models that a model is significantly better than."""
    systems = found["systems"]
    better = superiors(found, test)
    best = max if found["higher_is_better"] else min
    top = best(system["mean"] for system in systems)
    lines = [
        r"\begin{tabular}{llr}",
        r"\toprule",
        rf"& Model & {latex_escape(found['metric'])} \\",
        r"\midrule",
    ]
    for place, system in enumerate(systems):
        mean = f"{system['mean']:.4f}"
        mean = rf"\textbf{{{mean}}}" if system["mean"] == top else mean
        marks = "".join(_letter(each) for each in better[place])
        marks = f"$^{{{marks}}}$" if marks else ""
        spread = f" $\\pm$ {system['spread']:.4f}" if system["spread"] is not None else ""
        lines.append(rf"{_letter(place)} & {latex_escape(system['name'])} & {mean}{marks}{spread} \\")
    lines += [r"\bottomrule", r"\end{tabular}", f"% {_footnote(found)}"]
    return "\n".join(lines)


def superiors(found: Mapping[str, Any], test: str = "randomisation") -> list[list[int]]:
    """Return for each system the places of those that it is significantly better than, by ``test``."""
    better: list[list[int]] = [[] for _ in found["systems"]]
    for pair in found["pairs"]:
        if pair["significant"][test]:
            ahead = (pair["difference"] > 0) == found["higher_is_better"]
            winner, loser = (pair["a"], pair["b"]) if ahead else (pair["b"], pair["a"])
            better[winner].append(loser)
    return [sorted(each) for each in better]


def latex_escape(words: str) -> str:
    """Return text with LaTeX's special characters escaped.

    >>> latex_escape("50 % of a_b")
    '50 \\\\% of a\\\\_b'
    """
    return "".join(_LATEX.get(character, character) for character in words)


def _letter(place: int) -> str:
    return ascii_lowercase[place] if place < len(ascii_lowercase) else f"({place + 1})"


def _systems(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    better = superiors(found)
    rows: list[tuple[str, ...]] = [("", "model", found["metric"], "std. error", "seeds", "better than")]
    for place, system in enumerate(found["systems"]):
        error = "" if system["standard_error"] is None else f"{system['standard_error']:.4f}"
        seeds = str(system["seeds"])
        if system["spread"] is not None:
            seeds += f" (sd {system['spread']:.4f})"
        marks = " ".join(_letter(each) for each in better[place])
        rows.append((_letter(place), system["name"], f"{system['mean']:.4f}", error, seeds, marks))
    return rows


def _pairs(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    header = (
        "pair",
        "difference",
        "95 % interval",
        "effect d",
        "t",
        "Wilcoxon",
        "randomisation",
        "wins/ties/losses",
    )
    rows: list[tuple[str, ...]] = [header]
    for pair in found["pairs"]:
        low, high = pair["interval"]
        effect = "" if pair["effect"] is None else f"{pair['effect']:+.3f}"
        cells = (_p(pair["corrected"][test]) for test in ("t", "wilcoxon", "randomisation"))
        name = f"{_letter(pair['a'])} - {_letter(pair['b'])}"
        interval = f"{low:+.4f} to {high:+.4f}"
        rows.append((name, f"{pair['difference']:+.4f}", interval, effect, *cells, _outcome(pair)))
    return rows


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _outcome(counts: Mapping[str, Any]) -> str:
    return f"{counts['wins']}/{counts['ties']}/{counts['losses']}"


def _footnote(found: Mapping[str, Any]) -> str:
    names = {
        "holm": "corrected by Holm",
        "bh": "corrected by Benjamini and Hochberg",
        "none": "not corrected",
    }
    return (
        f"p-values of paired tests over {found['unit']}, two-sided, {names[found['correction']]} for {len(found['pairs'])} "
        f"pair{'s' * (len(found['pairs']) != 1)}; better: randomisation ({found['rounds']:,} rounds) at {found['alpha']:g}; "
        "interval: bootstrap."
    )


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _markdown_table(rows: Sequence[Sequence[str]]) -> str:
    clean = [[_markdown_escape(cell) for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in clean]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def _markdown_escape(words: str) -> str:
    for character in "\\`*_[]<>|":
        words = words.replace(
            character, f"\\{character}" if character not in "<>" else f"&#{ord(character)};"
        )
    return words
