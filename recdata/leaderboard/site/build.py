"""Building the site: every page, download and value file of a ledger, written to one folder."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recdata.errors import InputError
from recdata.leaderboard.facts import SLICES, slices_path
from recdata.leaderboard.ledger import Ledger
from recdata.leaderboard.site import pages
from recdata.leaderboard.site.boards import Board, boards
from recdata.leaderboard.site.downloads import write_downloads
from recdata.leaderboard.site.groups import mark_groups
from recdata.store.atomic import atomic_folder
from recdata.version import __version__

_HERE = Path(__file__).parent
_MARK = ".recdata-site"
_FOLDERS = ("task", "model", "entry", "corpus", "protocol", "data/values", "static")
_FEED = 50


def build_site(ledger: Ledger, out: Path, base: str = "") -> int:
    """Write the site of ``ledger`` to the folder ``out``; return how many entries it shows.

    base: the address the site will have, ending with a slash, for the feed's links. A site that stands there is
    replaced. Raises InputError where the folder holds something else, ResourceError where the disk refuses.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / _MARK).is_file():
        raise InputError(f"{out} is not empty and no site of recdata; choose another folder")
    with atomic_folder(out, replace=True, durable=False) as work:
        for folder in _FOLDERS:
            (work / folder).mkdir(parents=True)
        (work / _MARK).write_text("")
        for file in (_HERE / "static").iterdir():
            shutil.copyfile(file, work / "static" / file.name)
        return _Site(ledger, work, base).write()


class _Site:
    """One build: the folder, the templates, the boards."""

    def __init__(self, ledger: Ledger, out: Path, base: str) -> None:
        import jinja2

        self.ledger, self.out, self.base = ledger, out, base
        self.boards = boards(ledger)
        self.entries = sorted(
            (entry for board in self.boards for row in board.rows for entry in row.entries),
            key=lambda entry: (entry.document["submitted"], entry.id),
        )
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.ChainableUndefined,
        )
        self._shared = {
            "version": __version__,
            "all_entries": f"{len(self.entries):,}",
            "all_tasks": len(self.boards),
        }

    def write(self) -> int:
        """Write everything."""
        for board in self.boards:
            mark_groups(board)
            context = pages.task(board)
            self._page("task.html", f"task/{board.slug}.html", context)
            self._text(f"data/{board.slug}.json", context["data"])
            self._data(board)
        for kind, made in (
            ("model", pages.models(self.boards)),
            ("corpus", pages.corpora(self.boards)),
            ("protocol", pages.protocols(self.boards)),
        ):
            for name, context in made.items():
                self._page(f"{kind}.html", f"{kind}/{name}.html", context)
        self._page("index.html", "index.html", pages.index(self.boards, self.entries))
        self._page("compare.html", "compare.html", pages.compare(self.boards, SLICES))
        self._page("overall.html", "overall.html", pages.overall(self.boards))
        self._page("about.html", "about.html", {})
        self._feed()
        for entry in self.entries:
            shutil.copyfile(entry.path, self.out / "entry" / f"{entry.id}.json")
        self._text("data/entries.json", json.dumps([pages.news(entry) for entry in self.entries]))
        return len(self.entries)

    def _page(self, template: str, path: str, context: Mapping[str, Any]) -> None:
        root = "../" * path.count("/")
        text = self._templates.get_template(template).render(root=root, **self._shared, **context)
        self._text(path, text)

    def _text(self, path: str, text: str) -> None:
        (self.out / path).write_text(text, encoding="utf-8", newline="\n")

    def _feed(self) -> None:
        newest = [pages.news(entry) for entry in self.entries[::-1][:_FEED]]
        updated = newest[0]["date"] if newest else "1970-01-01T00:00:00+00:00"
        template = self._templates.get_template("feed.xml")
        self._text("feed.xml", template.render(newest=newest, updated=updated, base=self.base))

    def _data(self, board: Board) -> None:
        """Write a board's downloads, and the values of each user that the script compares by."""
        folder = self.out / "data"
        write_downloads(board, folder)
        for number, ids in enumerate(board.shards()):
            texts = {
                entry: base64.b64encode(board.values[entry].astype("<f4").tobytes()).decode() for entry in ids
            }
            self._text(f"data/values/{board.slug}-{number}.js", f"recdataValues({json.dumps(texts)})\n")
        slices = self._slices(board)
        if slices is not None:
            text = base64.b64encode(slices.astype(np.uint8).tobytes()).decode()
            self._text(f"data/values/{board.slug}.js", f'recdataSlices("{board.slug}","{text}")\n')

    def _slices(self, board: Board) -> Any:
        from recdata.store.arrays import read_table, to_numpy

        path = slices_path(self.ledger.place(board.task), board.fingerprint)
        return to_numpy(read_table(path).column("slice")) if path.is_file() else None
