"""Rating metrics: functions of ratings and what was predicted for them, one value per row.

Population: every row of the part; a pair that was rated twice counts twice. A prediction for each is
required, so nothing is missing. There are no ties. Over no rows a mean is undefined, and the task is refused.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdata.metrics.definition import metric
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
