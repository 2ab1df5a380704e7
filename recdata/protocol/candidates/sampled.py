"""Sampled candidates: each user's relevant items and ``n`` others, one draw, fixed for good.

Without replacement. Sampled candidates change which of two models is better (Krichene and Rendle, KDD 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from recdata.protocol.candidates._draw import Bits, Choice, Mask, Places, Users, below, sample
from recdata.protocol.candidates._pool import Pool
from recdata.protocol.task import Pairs, distinct

Seen = Literal["mask", "keep"]
CELLS = 1 << 24
"""Size of the (users of a block) x (items) table of what they may be given, in bytes."""


def sampled_uniform(pool: Pool, *, n: int, seen: Seen = "mask") -> Pairs:
    """Add ``n`` others, each item as likely; none that the user ever met, unless ``seen`` is keep.

        items   a b c d e f      user met a, b, d; d is relevant; n: 2
        ranked        d e   c    one draw, fixed for good

    Source: He et al. 2017 (NCF) and Kang and McAuley 2018 (SASRec).
    """
    items = np.uint64(pool.items)

    def draw(bits: Bits, users: Places) -> Places:
        del users
        return below(bits, items)

    return sample(pool, n, seen, _alike(np.ones(pool.items, dtype=bool), draw))


def sampled_popularity(
    pool: Pool, *, n: int, seen: Seen = "mask", count: Literal["train", "all"] = "train"
) -> Pairs:
    """Add ``n`` others, drawn by their rows in the training part; none that the user ever met, unless ``seen`` is keep.

    One after the other: at each draw an item's chance is its count over those still there. Items without a row are never
    drawn. ``count: all`` counts validation and test too, as RecBole does: a draw that knows the answers.

        items   a b c d e f      rows in training 5 3 3 1 1 0; user met d; n: 2
        ranked  a b   d          f is never drawn

    Source: Sun et al. 2019 (BERT4Rec), whose code counts all.
    """
    popularity = pool.popularity if count == "train" else pool.popularity_everywhere
    edges = np.cumsum(popularity)
    total = np.uint64(edges[-1]) if len(edges) else np.uint64(0)

    def draw(bits: Bits, users: Places) -> Places:
        del users
        return np.searchsorted(edges, ((bits >> np.uint64(11)) % total).astype(np.int64), side="right")

    return sample(pool, n, seen, _alike(popularity > 0, draw))


def sampled_existing(pool: Pool, *, n: int, seen: Seen = "mask") -> Pairs:
    """Add ``n`` others that existed at the moment, each as likely; none that the user ever met, unless ``seen`` is keep.

    An item exists from its first row in any part on. A user's moment is that of the first relevant row tested, so that
    what is drawn existed for every one of them.

        first   1 2 3 5 8 9      user is tested on item 4, relevant, at 6; n: 2
        items   a b c d e f      a, b, c can be drawn
        ranked  a   c d

    Source: Ji, Sun, Zhang and Li 2023 (A Critical Study on Data Leakage), who rank what was there at the time. Raises
    InputError where the test part has rows without a time.
    """
    first_seen, order = pool.first_seen, np.argsort(pool.first_seen, kind="stable")

    def choose(users: Users) -> Choice:
        moment = pool.moments[users]
        many = np.searchsorted(first_seen[order], moment, side="right")

        def allows(row: Places, item: Places) -> Mask:
            return first_seen[item] <= moment[row]

        def draw(bits: Bits, row: Places) -> Places:
            return order[below(bits, many[row, None].astype(np.uint64))]

        return Choice(many, allows, draw)

    return sample(pool, n, seen, choose)


def sampled_category(
    pool: Pool, *, n: int, column: str, match: Literal["any", "last"] = "any", seen: Seen = "mask"
) -> Pairs:
    """Add ``n`` others that share a category with a relevant item of the user; none ever met, unless ``seen`` is keep.

    ``column`` of the corpus's items holds an item's category, or a list of them: ``any`` one in common is enough, or the
    ``last`` ones must be equal (where a list goes from the general to the special). An item of which no category is known
    shares none, so that a user may have fewer than ``n`` others, or none.

        items       a   b   c   d   e        d is relevant, n: 2
        categories  x   xy  y   yz  -        b and c share y with d
        ranked          b   c   d

    Source: recdata's own (2026), sampled-uniform over fewer items. Raises InputError where the corpus has no items
    table, or no such column of texts in it.
    """
    of_item, of_category = pool.origin.categories(column, match, pool.task.item_ids)

    def choose(users: Users) -> Choice:
        first, last = np.searchsorted(pool.relevant.user, [users[0], users[-1] + 1])
        row = np.searchsorted(users, pool.relevant.user[first:last])
        owner, liked = of_item.spread(pool.relevant.item[first:last])
        pairs = distinct(liked.astype(np.int64) * len(users) + row[owner])
        liked, row = np.divmod(pairs, len(users))
        allowed = np.zeros((len(users), pool.items), dtype=bool)
        for category in np.unique(liked):
            allowed[np.ix_(row[liked == category], of_category.of(category))] = True
        many = allowed.sum(axis=1)
        start = np.cumsum(many) - many
        item = np.append(np.nonzero(allowed)[1], 0)

        def draw(bits: Bits, row: Places) -> Places:
            return item[start[row, None] + below(bits, many[row, None].astype(np.uint64))]

        return Choice(many, lambda row, item: allowed[row, item], draw)

    return sample(pool, n, seen, choose, CELLS)


def _alike(drawable: Mask, draw: Callable[[Bits, Places], Places]) -> Callable[[Users], Choice]:
    """Return what may be drawn where it is the same for all users."""
    many = int(drawable.sum())
    return lambda users: Choice(np.full(len(users), many), lambda row, item: drawable[item], draw)
