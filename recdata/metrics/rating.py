"""Rating metrics: functions of ratings and what was predicted for them, one value per row.

Population: every row of the part; a pair that was rated twice counts twice. A prediction for each is
required, so nothing is missing. There are no ties. Over no rows a mean is undefined, and the task is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from recdata.metrics.definition import Sums, UndefinedError, metric
from recdata.metrics.kernel import squared_deviations
from recdata.metrics.ratings import Ratings

Values = npt.NDArray[np.float64]


@metric(
    "RMSE",
    "rating",
    denominator="number of rows",
    cutoff="none",
    high=None,
    higher_is_better=False,
    root=True,
)
def squared_error(ratings: Ratings) -> Values:
    """Root mean squared error. These are the squares, (predicted - rating)^2; the root is of their mean.

    Population: rows, each counted once. Denominator: the number of rows. Ties: none. Bounds: 0 and up, lower
    is better. Undefined: no rows. Source: Herlocker et al., ACM TOIS 22(1), 2004, section 4.1; Netflix Prize,
    2006.

    >>> one = np.zeros(2, dtype=np.int32)
    >>> squared_error(Ratings(1, one, np.array([4.0, 2.0]), np.array([3.5, 4.0]))).tolist()
    [0.25, 4.0]
    """
    error = ratings.predicted - ratings.rating
    return error * error


@metric("MAE", "rating", denominator="number of rows", cutoff="none", high=None, higher_is_better=False)
def absolute_error(ratings: Ratings) -> Values:
    """Mean absolute error: |predicted - rating| of each row.

    Population: rows, each counted once. Denominator: the number of rows. Ties: none. Bounds: 0 and up, lower
    is better. Undefined: no rows. Source: Herlocker et al., ACM TOIS 22(1), 2004, section 4.1.

    >>> one = np.zeros(2, dtype=np.int32)
    >>> absolute_error(Ratings(1, one, np.array([4.0, 2.0]), np.array([3.5, 4.0]))).tolist()
    [0.5, 2.0]
    """
    return np.abs(ratings.predicted - ratings.rating)


@metric(
    "UserRMSE",
    "rating",
    denominator="number of users",
    cutoff="none",
    over="users",
    high=None,
    higher_is_better=False,
)
def squared_error_of_users(ratings: Ratings) -> Values:
    """Mean over users of the root mean squared error of each user's own rows: every user counts alike.

    Population: users with rows. Denominator: the number of users. Ties: none. Bounds: 0 and up, lower is better.
    Undefined: no rows. Source: Massa and Avesani, RecSys 2007 (mean absolute user error), with squares.

    >>> user = np.array([0, 0, 1], dtype=np.int32)
    >>> squared_error_of_users(Ratings(2, user, np.array([4.0, 2, 3]), np.array([3.0, 3, 5]))).tolist()
    [1.0, 2.0]
    """
    return np.sqrt(ratings.of_users(squared_error(ratings)))


@metric(
    "UserMAE",
    "rating",
    denominator="number of users",
    cutoff="none",
    over="users",
    high=None,
    higher_is_better=False,
)
def absolute_error_of_users(ratings: Ratings) -> Values:
    """Mean over users of the mean absolute error of each user's own rows: every user counts alike.

    Population: users with rows. Denominator: the number of users. Ties: none. Bounds: 0 and up, lower is better.
    Undefined: no rows. Source: Massa and Avesani, RecSys 2007.

    >>> user = np.array([0, 0, 1], dtype=np.int32)
    >>> absolute_error_of_users(Ratings(2, user, np.array([4.0, 2, 3]), np.array([3.0, 2, 5]))).tolist()
    [0.5, 2.0]
    """
    return ratings.of_users(absolute_error(ratings))


def _mean_terms(ratings: Ratings, sums: Mapping[str, float]) -> dict[str, Values]:
    return {"ratings": ratings.rating}


def _error_terms(ratings: Ratings, sums: Mapping[str, float]) -> dict[str, Values]:
    mean = sums["ratings"] / sums["rows"]
    return {"deviations": squared_deviations(ratings.rating, mean), "errors": squared_error(ratings)}


def _explained(sums: Mapping[str, float]) -> float:
    if not sums["deviations"]:
        raise UndefinedError("R2: all ratings are the same, so that there is nothing to explain")
    return 1 - sums["errors"] / sums["deviations"]


_R2 = Sums((_mean_terms, _error_terms), _explained)


@metric(
    "R2",
    "rating",
    denominator="sum of squared deviations of the ratings from their mean",
    cutoff="none",
    over="all",
    low=-np.inf,
    sums=_R2,
)
def determination(ratings: Ratings) -> Values:
    """Coefficient of determination: 1 - sum of squared errors / sum of squared deviations from the mean rating.

    Population: all rows together; the mean is that of the part itself. Ties: none. Bounds: no lower one, to 1.
    Undefined: ratings that are all the same, an error. Source: Wright, Journal of Agricultural Research 20, 1921; as
    scikit-learn and recommenders compute it.

    >>> one = np.zeros(2, dtype=np.int32)
    >>> determination(Ratings(1, one, np.array([4.0, 2.0]), np.array([3.5, 2.5]))).tolist()
    [0.75]
    """
    return _R2.of(ratings)
