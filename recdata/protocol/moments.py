"""Moments that protocols speak of: ISO 8601 texts, and calendar periods of UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Literal

from recdata.errors import InputError

Period = Literal["day", "week", "month", "year"]
"""Calendar periods of UTC; a week begins on Monday."""


def parse_moment(text: str, where: str) -> datetime:
    """Return the moment that ``text`` names in ISO 8601, UTC where it has no offset.

    >>> parse_moment("2016-10-17", "time-range").isoformat()
    '2016-10-17T00:00:00+00:00'

    Raises InputError, naming ``where``, for another text.
    """
    try:
        # Python 3.10 does not know the letter Z.
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        raise InputError(f"{where}: {text!r} is not an ISO 8601 date or time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def period_start(moment: datetime, period: Period, before: int = 0) -> datetime:
    """Return when the calendar period of ``moment`` began, or the one ``before`` as many periods earlier.

    >>> period_start(datetime(2016, 3, 17, 5, tzinfo=timezone.utc), "month", before=3).isoformat()
    '2015-12-01T00:00:00+00:00'
    """
    day = moment.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return day - timedelta(days=before)
    if period == "week":
        return day - timedelta(days=day.weekday() + 7 * before)
    months = day.year * 12 + (day.month - 1 - before if period == "month" else -12 * before)
    return day.replace(year=months // 12, month=months % 12 + 1, day=1)
