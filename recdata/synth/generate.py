"""Parameters to canonical tables: who is in which community, who takes what, when, and how it is liked.

The model follows HYDRA (Mungari, Coppolillo, Ritacco and Manco, "Flexible Generation of Preference Data for
Recommendation Analysis", KDD 2025, arXiv 2407.16594) in its three factors: users and items match by
community, the popularity of items and the engagement of users are each a mixture of distributions. A user
takes an item with a probability proportional to match times popularity, never twice, as often as the
engagement says.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from recdata.schema.kinds import KINDS, Column
from recdata.synth.mixture import draw
from recdata.synth.parameters import DAY, Parameters
from recdata.synth.stream import Numbers, choose, stream, uniform, upper

if TYPE_CHECKING:
    import pyarrow as pa

EXTRA: dict[str, tuple[Column, ...]] = {
    "items": (Column("categories", "list<string>", False, "the communities it is made for, main one first"),),
    "users": (Column("community", "string", False, "the community of the user"),),
}
"""The columns that a generated corpus adds to the canonical ones."""


class Catalogue(NamedTuple):
    """The items, arrays int64[n]: community, also (a second one, or -1), popularity, quality (-1, 0, 1)."""

    community: Numbers
    also: Numbers
    popularity: Numbers
    quality: Numbers


def generate(parameters: Parameters) -> dict[str, pa.Table]:
    """Return the canonical tables "interactions", "items" and "users" of a generated corpus.

    Interactions stand in order of time, each (user, item) pair at most once; timestamps are whole seconds.
    """
    p = parameters
    items = _items(p)
    community = choose(stream(p.seed, "user/community", p.users), _sizes(p.communities))
    user = np.repeat(np.arange(p.users), draw(p.engagement, p.seed, "user/engagement", p.users))
    item = _take(p, items, community, user)
    moment = _moments(p, user)
    rating = _ratings(p, items, community, user, item)
    order = np.lexsort((item, user, moment))
    names = [_community(c) for c in community.tolist()]
    return {
        "interactions": _interactions(p, user[order], item[order], moment[order], rating[order]),
        "items": _table("items", {"item_id": _names("i", p.items), "categories": _categories(items)}),
        "users": _table("users", {"user_id": _names("u", p.users), "community": names}),
    }


def _items(p: Parameters) -> Catalogue:
    """Draw the items: communities of equal size, some items in a second one, popularity by its mixture."""
    community = uniform(stream(p.seed, "item/community", p.items), 0, p.communities - 1)
    other = uniform(stream(p.seed, "item/also", p.items), 0, p.communities - 1)
    shared = uniform(stream(p.seed, "item/shared", p.items), 0, 99) < p.shared
    return Catalogue(
        community=community,
        also=np.where(shared & (other != community), other, -1),
        popularity=draw(p.popularity, p.seed, "item/popularity", p.items),
        quality=choose(stream(p.seed, "item/quality", p.items), (1, 2, 1)) - 1,
    )


def _sizes(communities: int) -> list[int]:
    """Return the weights of the communities among users: the largest is about three times the smallest."""
    return [3 * communities - 2 * place for place in range(communities)]


def _take(p: Parameters, items: Catalogue, community: Numbers, user: Numbers) -> Numbers:
    """Return the item of each interaction, int64, so that no user has an item twice.

    ``user`` holds the user of each interaction. All are drawn; of equal pairs all but the first are drawn
    again, until none is left.
    """
    weights = []
    for c in range(p.communities):
        own = (items.community == c) | (items.also == c)
        weights.append(items.popularity * np.where(own, p.affinity, 1))
    item = np.zeros(len(user), dtype=np.int64)
    pending = np.ones(len(user), dtype=np.bool_)
    for turn in count():
        places = np.flatnonzero(pending)
        if not len(places):
            break
        draws = stream(p.seed, f"take/{turn}", len(places))
        for c in range(p.communities):
            here = community[user[places]] == c
            item[places[here]] = choose(draws[here], weights[c])
        pending[:] = True
        pending[np.unique(user * p.items + item, return_index=True)[1]] = False
    return item


def _moments(p: Parameters, user: Numbers) -> Numbers:
    """Return when each interaction was, in seconds (UTC, since 1970): uniform while its user is active."""
    length = draw(p.window, p.seed, "user/window", p.users) * DAY
    room = p.days * DAY - length
    first = p.start + (upper(stream(p.seed, "user/first", p.users)) * room >> 32)
    after = upper(stream(p.seed, "interaction/moment", len(user))) * length[user] >> 32
    moment: Numbers = first[user] + after
    return moment


def _ratings(p: Parameters, items: Catalogue, community: Numbers, user: Numbers, item: Numbers) -> Numbers:
    """Return ratings 1 to 5: higher in the own community, moved by quality, the user's mood, chance."""
    own = (items.community[item] == community[user]) | (items.also[item] == community[user])
    mood = choose(stream(p.seed, "user/mood", p.users), (1, 3, 1)) - 1
    noise = choose(stream(p.seed, "interaction/noise", len(user)), (1, 2, 1)) - 1
    liking: Numbers = np.where(own, 4, 2) + items.quality[item] + mood[user] + noise
    return np.clip(liking, 1, 5)


def _interactions(p: Parameters, user: Numbers, item: Numbers, moment: Numbers, rating: Numbers) -> pa.Table:
    """Return the canonical table of interactions."""
    import pyarrow as pa

    columns = {
        "user_id": pa.array(_names("u", p.users)).take(pa.array(user)),
        "item_id": pa.array(_names("i", p.items)).take(pa.array(item)),
        "timestamp": pa.array(moment * 1_000_000).cast(pa.timestamp("us", tz="UTC")),
        "rating": rating.astype(np.float64),
        "event": pa.repeat("rating", len(user)),
    }
    return _table("interactions", columns)


def _table(kind: str, columns: dict[str, Any]) -> pa.Table:
    """Return a table in the canonical schema of ``kind`` with the columns that generated corpora add."""
    import pyarrow as pa

    return pa.table(columns, schema=KINDS[kind].with_extra(EXTRA.get(kind, ())).arrow_schema())


def _names(letter: str, n: int) -> list[str]:
    """Return ``n`` ids: the letter, then a number from 1, padded so that ids sort as numbers do."""
    width = len(str(n))
    return [f"{letter}{place:0{width}d}" for place in range(1, n + 1)]


def _community(place: int) -> str:
    """Return the name of a community."""
    return f"community-{place + 1}"


def _categories(items: Catalogue) -> list[list[str]]:
    """Return the categories of each item: its communities, main one first."""
    pairs = zip(items.community.tolist(), items.also.tolist(), strict=True)
    return [[_community(c) for c in pair if c >= 0] for pair in pairs]
