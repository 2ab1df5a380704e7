"""Metrics of how well known the items of a list are. Per user, over the items in the first k that the task has.

Population: users of the population who have such an item; others have no value and are not averaged over. Popularity
is the number of users who have an item in training.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from recdata.metrics.definition import metric
from recdata.metrics.kernel import discounts, ln, sum_by_user
from recdata.metrics.lists import Lists, Tops

Values = npt.NDArray[np.float64]
_LONG_TAIL = {"ranges": {"share": (0.0, 1.0)}, "cutoff": "required"}


@metric(
    "SelfInformation", "beyond", denominator="items in the first k", aliases=("MIUF", "Novelty"),
    cutoff="required", high=None,
)  # fmt: skip
def self_information(lists: Lists, cutoff: int) -> Values:
    """Mean self-information of the items: log2(users of training / users who have the item), in bits.

    An item that nobody has in training counts as if one user had it. Population: users with an item in the first k.
    Ties: settled before. Bounds: 0 to log2 of training's users. Undefined: no item. Source: Zhou et al., PNAS
    107(10), 2010.

    Of four users all have a, one has b: 0 and 2 bits.

    >>> self_information(Lists.of(["ab"], ["a", "ab", "a", "a"]), 2).tolist()
    [1.0]
    """
    top = lists.known_items(cutoff)
    bits = _bits(lists.training.users, lists.popularity)
    return _mean(lists, top, bits[top.item])


@metric("EPC", "beyond", denominator="sum of the places' discounts", cutoff="required")
def popularity_complement(
    lists: Lists,
    cutoff: int,
    discount: Literal["log2", "none"] = "log2",
    items: Literal["all", "relevant"] = "all",
) -> Values:
    """Expected popularity complement: mean of 1 - (share of training's users who have the item), discounted by rank.

    discount: 1/log2(rank + 1), or 1. items='relevant' counts relevant ones alone; the divisor stays. Population: users
    with an item in the first k. Ties: settled before. Bounds: 0 to 1. Undefined: no item. Source: Vargas and Castells,
    RecSys 2011, section 4.1.

    Of four users three have a and one has b, which alone is relevant.

    >>> lists = Lists.of(["ab"], ["a", "ab", "a", ""], ["b"])
    >>> popularity_complement(lists, 2, discount="none").tolist()
    [0.5]
    >>> popularity_complement(lists, 2, discount="none", items="relevant").tolist()
    [0.375]
    """
    top = lists.known_items(cutoff)
    seen = lists.popularity[top.item] / np.int64(max(lists.training.users, 1))
    return _discounted(lists, top, cutoff, 1 - seen, discount, items)


@metric("EFD", "beyond", denominator="sum of the places' discounts", cutoff="required", high=None)
def free_discovery(
    lists: Lists,
    cutoff: int,
    discount: Literal["log2", "none"] = "log2",
    items: Literal["all", "relevant"] = "all",
) -> Values:
    """Expected free discovery: mean of log2(training's pairs / users who have the item), discounted by rank.

    discount, items: see EPC. An item that nobody has counts as if one user had it. Population: users with an item in the
    first k. Ties: settled before. Bounds: 0 and up. Undefined: no item. Source: Vargas and Castells, RecSys 2011,
    section 4.1.

    Training has eight pairs, four of them a's, one b's: 1 and 3 bits.

    >>> free_discovery(Lists.of(["ab"], ["ac", "ab", "ac", "ac"]), 2, discount="none").tolist()
    [2.0]
    """
    top = lists.known_items(cutoff)
    bits = _bits(lists.training.pairs, lists.popularity)
    return _discounted(lists, top, cutoff, bits[top.item], discount, items)


@metric("Unexpectedness", "beyond", denominator="items in the first k", cutoff="required")
def unexpectedness(lists: Lists, cutoff: int) -> Values:
    """Share of the items in the first k that are not among the k most popular ones.

    Equally popular items stand in the order of their ids. Population: users with an item in the first k. Ties: settled
    before. Bounds: 0 to 1. Undefined: no item. Source: Murakami, Mori and Orihara, JSAI 2007, with popularity as the
    primitive method.

    >>> unexpectedness(Lists.of(["bc"], ["a", "ab", "abc"]), 2).tolist()
    [0.5]
    """
    top = lists.known_items(cutoff)
    return _mean(lists, top, _unexpected(lists, cutoff)[top.item].astype(np.float64))


@metric("Serendipity", "beyond", denominator="items in the first k", cutoff="required")
def serendipity(lists: Lists, cutoff: int) -> Values:
    """Share of the items in the first k that are relevant and not among the k most popular ones.

    Equally popular items stand in the order of their ids. Population: users with an item in the first k. Ties: settled
    before. Bounds: 0 to 1. Undefined: no item. Source: Ge, Delgado-Battenfeld and Jannach, RecSys 2010, with popularity
    as the primitive method.

    Both are relevant, c is not popular.

    >>> serendipity(Lists.of(["bc"], ["a", "ab", "abc"], ["bc"]), 2).tolist()
    [0.5]
    """
    top = lists.known_items(cutoff)
    worth = _unexpected(lists, cutoff)[top.item] & _relevant(lists, top)
    return _mean(lists, top, worth.astype(np.float64))


@metric(
    "ARP", "beyond", denominator="items in the first k", cutoff="required", high=None, higher_is_better=False
)
def recommendation_popularity(lists: Lists, cutoff: int) -> Values:
    """Average recommendation popularity: mean number of users who have the item in training.

    Population: users with an item in the first k. Ties: settled before. Bounds: 0 and up. Undefined: no item. Source:
    Yin, Cui, Li, Yao and Chen, VLDB 2012.

    >>> recommendation_popularity(Lists.of(["ab"], ["a", "ab", "a", "a"]), 2).tolist()
    [2.5]
    """
    top = lists.known_items(cutoff)
    return _mean(lists, top, lists.popularity[top.item].astype(np.float64))


@metric("APLT", "beyond", denominator="items in the first k", **_LONG_TAIL)
def long_tail_share(lists: Lists, cutoff: int, share: float = 0.8) -> Values:
    """Average percentage of long-tail items: the share of the items in the first k that are in the long tail.

    The long tail is all items but the most popular ones that hold ``share`` of training's pairs. Population: users with
    an item in the first k. Ties: settled before. Bounds: 0 to 1. Undefined: no item. Source: Abdollahpouri, Burke and
    Mobasher, FLAIRS 2019.

    >>> long_tail_share(Lists.of(["abc"], ["ab", "ab", "abc"]), 3).round(4).tolist()
    [0.3333]
    """
    top = lists.known_items(cutoff)
    return _mean(lists, top, lists.tail(share)[top.item].astype(np.float64))


@metric("ACLT", "beyond", denominator="1", high=None, **_LONG_TAIL)
def long_tail_count(lists: Lists, cutoff: int, share: float = 0.8) -> Values:
    """Average coverage of the long tail: how many items in the first k are in it.

    The long tail: see APLT. Population: users with an item in the first k. Ties: settled before. Bounds: 0 to k.
    Undefined: no item. Source: Abdollahpouri, Burke and Mobasher, FLAIRS 2019.

    >>> long_tail_count(Lists.of(["abc"], ["ab", "ab", "abc"]), 3).tolist()
    [1.0]
    """
    return long_tail_share(lists, cutoff, share) * _shown(lists, lists.known_items(cutoff))


def _shown(lists: Lists, top: Tops) -> npt.NDArray[np.int64]:
    return np.bincount(top.user, minlength=len(lists))


def _mean(lists: Lists, top: Tops, worth: Values) -> Values:
    """Return the mean over each user's items; NaN where there are none."""
    shown = _shown(lists, top)
    nothing = np.full(len(lists), np.nan)
    return np.divide(sum_by_user(top.user, worth, len(lists)), shown, out=nothing, where=shown > 0)


def _discounted(lists: Lists, top: Tops, cutoff: int, worth: Values, discount: str, items: str) -> Values:
    weight = discounts(cutoff)[top.rank] if discount == "log2" else np.ones(len(top.rank))
    gained = weight * worth * (_relevant(lists, top) if items == "relevant" else 1)
    total = sum_by_user(top.user, weight, len(lists))
    nothing = np.full(len(lists), np.nan)
    return np.divide(sum_by_user(top.user, gained, len(lists)), total, out=nothing, where=total > 0)


def _bits(all_of: int, popularity: npt.NDArray[np.int64]) -> Values:
    bits: Values = (ln(float(max(all_of, 1))) - ln(np.maximum(popularity, 1).astype(np.float64))) / ln(2.0)
    return bits


def _unexpected(lists: Lists, cutoff: int) -> npt.NDArray[np.bool_]:
    unexpected = np.ones(lists.items, dtype=bool)
    unexpected[lists.by_popularity[:cutoff]] = False
    return unexpected


def _relevant(lists: Lists, top: Tops) -> npt.NDArray[np.bool_]:
    bits = max(int(top.rank.max(initial=0)), lists.hits.highest(), 1).bit_length()
    hits = lists.hits.user.astype(np.int64) << bits | lists.hits.rank
    shown = top.user.astype(np.int64) << bits | top.rank
    # Both are sorted: each hit is looked for among the items shown.
    at = np.searchsorted(shown, hits)
    there = at < len(shown)
    there[there] = shown[at[there]] == hits[there]
    relevant = np.zeros(len(shown), dtype=bool)
    relevant[at[there]] = True
    return relevant
