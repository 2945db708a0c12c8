"""Turn the wall times of a page into moments: milliseconds in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

    from langchain_fbmessenger.exports.formats.html.dates import WallTime

__all__ = ["Clock"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are naive
_SECOND = timedelta(seconds=1)
_SECONDS_OF_HOUR = 3600
_LAST_OF_HOUR = timedelta(minutes=59, seconds=59)


class Clock:
    """Converts wall times.

    Args:
        zone: The zone of wall times that name none; None if all of them do.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        # Asking a zone costs more than all the rest, and pages have many messages an hour.
        self._offset_of_hour: dict[tuple[tzinfo | None, int], int | None] = {}

    def milliseconds(self, wall: WallTime) -> int:
        """Return the moment; an hour that a clock goes through twice is the first of the two."""
        zone = wall.zone or self._zone
        seconds = (wall.naive - _EPOCH) // _SECOND
        key = zone, seconds // _SECONDS_OF_HOUR
        if key not in self._offset_of_hour:
            hour = wall.naive.replace(minute=0, second=0)
            first, last = _offset(zone, hour), _offset(zone, hour + _LAST_OF_HOUR)
            self._offset_of_hour[key] = first if first == last else None
        offset = self._offset_of_hour[key]
        if offset is None:  # St. John's changed its clocks at one minute past midnight
            offset = _offset(zone, wall.naive)
        return (seconds - offset) * 1000

    def second_time(self, wall: WallTime) -> int:
        """Return the moment at which the clock shows this time again after going back."""
        again = wall.naive.replace(fold=1)
        offset = _offset(wall.zone or self._zone, again)
        return ((wall.naive - _EPOCH) // _SECOND - offset) * 1000


def _offset(zone: tzinfo | None, naive: datetime) -> int:
    offset = naive.replace(tzinfo=zone).utcoffset() if zone else None
    return int(offset.total_seconds()) if offset is not None else 0
