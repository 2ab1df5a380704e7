"""Metrics of all lists together: how much of the catalogue is shown, how evenly, and to whose cost.

The lists are those of the population, cut at k; each of these metrics is one number for all of them, without a
standard error. Items that the task does not have are left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdata.metrics.definition import metric
from recdata.metrics.kernel import ln
from recdata.metrics.lists import Lists

Values = npt.NDArray[np.float64]


@metric("Coverage", "beyond", denominator="number of items of the task", cutoff="required", over="all")
def coverage(lists: Lists, cutoff: int) -> Values:
    """Share of the task's items that are in the first k of at least one list.

    Population: all lists together. Ties: settled before. Bounds: 0 to 1. Undefined: never. Source: Herlocker et al.,
    ACM TOIS 22(1), 2004, section 4.3.1 (catalogue coverage).

    Of a, b, c and d two are shown.

    >>> coverage(Lists.of(["ab", "ba"], ["ad"]), 2).tolist()
    [0.5]
    """
    return np.array([(lists.counts(cutoff) > 0).sum() / lists.items])


@metric(
    "Gini",
    "beyond",
    denominator="number of items of the task times number of items shown",
    cutoff="required",
    over="all",
    higher_is_better=False,
)
def gini(lists: Lists, cutoff: int) -> Values:
    """Gini index of how often items are shown: 0 where all are alike, near 1 where one item has it all.

    Sum over the N items of the task, from the least shown to the most, of (2j - N - 1) c_j, divided by N sum c; items
    that are never shown count. Population: all lists together. Ties: settled before. Bounds: 0 to 1. Undefined: no
    lists, then 0. Source: Fleder and Hosanagar, Management Science 55(5), 2009.

    >>> gini(Lists.of(["ab", "ac"], ["d"]), 2).tolist()
    [0.375]
    """
    counts = np.sort(lists.counts(cutoff))
    total, many = int(counts.sum()), len(counts)
    summed = int(((2 * np.arange(1, many + 1) - many - 1) * counts).sum())
    return np.array([summed / (many * total) if total else 0.0])


@metric("Entropy", "beyond", denominator="1", cutoff="required", over="all", high=None)
def entropy(lists: Lists, cutoff: int) -> Values:
    """Shannon entropy, in bits, of which item a place of the first k holds.

    Population: all lists together. Ties: settled before. Bounds: 0 to log2 of the number of items. Undefined: no
    lists, then 0. Source: Shannon, 1948; for recommendations: Adomavicius and Kwon, IEEE TKDE 24(5), 2012.

    >>> entropy(Lists.of(["ab", "cd"], ["d"]), 2).tolist()
    [2.0]
    """
    shown = lists.counts(cutoff)
    counts = shown[shown > 0].astype(np.float64)
    total = float(shown.sum())
    if not total:
        return np.zeros(1)
    return np.array([max((ln(total) - np.add.accumulate(counts * ln(counts))[-1] / total) / ln(2.0), 0.0)])


@metric(
    "PopRSP",
    "beyond",
    denominator="mean of the groups",
    cutoff="required",
    over="all",
    higher_is_better=False,
    high=None,
    ranges={"share": (0.0, 1.0)},
)
def ranking_parity(lists: Lists, cutoff: int, share: float = 0.8) -> Values:
    """Ranking-based statistical parity of popular and long-tail items: standard deviation over mean of two shares.

    For each group: places of the first k that hold its items, over all pairs of a user of the population and an item of
    the group that the user does not have in training. Groups: the most popular items that hold ``share`` of training's
    pairs, and the others. Population: all lists together. Ties: settled before. Bounds: 0 and up, 0 is parity.
    Undefined: nothing shown or no such pairs, then 0. Source: Zhu, Wang and Caverlee, SIGIR 2020.

    Items a and b are popular, and the first user has a already: of the three pairs with them that could be shown two are,
    of the two with c both.

    >>> ranking_parity(Lists.of(["bc", "ac"], ["a", "", "ab", "ab", "abc"]), 2).round(4).tolist()
    [0.2]
    """
    tail = lists.tail(share)
    shown, had = lists.counts(cutoff), lists.had()
    rates = []
    for group in (~tail, tail):
        possible = len(lists) * int(group.sum()) - int(had[group].sum())
        rates.append(int(shown[group].sum()) / possible if possible > 0 else 0.0)
    return _spread(rates)


@metric(
    "PopREO",
    "beyond",
    denominator="mean of the groups",
    cutoff="required",
    over="all",
    higher_is_better=False,
    high=None,
    ranges={"share": (0.0, 1.0)},
)
def equal_opportunity(lists: Lists, cutoff: int, share: float = 0.8) -> Values:
    """Ranking-based equal opportunity of popular and long-tail items: standard deviation over mean of two recalls.

    For each group: hits in the first k whose item is in it, over the relevant pairs whose item is. Groups: see PopRSP.
    Population: all lists together. Ties: settled before. Bounds: 0 and up, 0 is parity. Undefined: no hits, then 0.
    Source: Zhu, Wang and Caverlee, SIGIR 2020.

    The relevant a is found, the relevant c is not: recalls 1 and 0, whose deviation is their mean.

    >>> equal_opportunity(Lists.of(["ab", "ab"], ["", "", "ab", "ab", "abc"], ["a", "c"]), 2).tolist()
    [1.0]
    """
    tail = lists.tail(share)
    wanted, found = lists.wanted(), lists.found(cutoff)
    rates = []
    for group in (~tail, tail):
        possible = int(wanted[group].sum())
        rates.append(int(found[group].sum()) / possible if possible else 0.0)
    return _spread(rates)


@metric("Completeness", "beyond", denominator="k", cutoff="required")
def completeness(lists: Lists, cutoff: int) -> Values:
    """Share of the first k places that are filled: min(n, k) / k.

    Population: users with R >= 1, without a list 0. Ties: settled before. Bounds: 0 to 1. Undefined: never. Source:
    RecTools' and RePlay's checks of short lists; the complement of SufficientReco.

    >>> completeness(Lists.of(["ab", "abcd"], ["d"]), 4).tolist()
    [0.5, 1.0]
    """
    values: Values = np.minimum(lists.hits.listed, cutoff) / np.int64(cutoff)
    return values


def _spread(rates: list[float]) -> Values:
    mean = sum(rates) / 2
    return np.array([abs(rates[0] - rates[1]) / 2 / mean if mean else 0.0])
