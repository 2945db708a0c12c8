"""Turn the wall times of a page into moments: milliseconds in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

    from langchain_fbmessenger.exports._dates import WallTime

__all__ = ["Clock"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are naive
_SECOND = timedelta(seconds=1)
_LAST_OF_HOUR = timedelta(minutes=59, seconds=59)


class Clock:
    """Converts wall times of one zone.

    Args:
        zone: The zone of wall times that name none; None if all of them do.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        # Asking a zone costs more than all the rest, and pages have many messages an hour.
        self._offset_of_hour: dict[datetime, int | None] = {}

    def milliseconds(self, wall: WallTime) -> int:
        """Return the moment; an hour that a clock goes through twice is the first of the two."""
        if wall.utc_offset_minutes is not None:
            return _milliseconds(wall.naive, wall.utc_offset_minutes * 60)
        hour = wall.naive.replace(minute=0, second=0)
        if hour not in self._offset_of_hour:
            first, last = self._offset(hour), self._offset(hour + _LAST_OF_HOUR)
            self._offset_of_hour[hour] = first if first == last else None
        offset = self._offset_of_hour[hour]
        if offset is None:  # St. John's changed its clocks at one minute past midnight
            offset = self._offset(wall.naive)
        return _milliseconds(wall.naive, offset)

    def second_time(self, wall: WallTime) -> int:
        """Return the moment at which the clock shows this time again after going back."""
        if wall.utc_offset_minutes is not None:
            return self.milliseconds(wall)
        return _milliseconds(wall.naive, self._offset(wall.naive.replace(fold=1)))

    def _offset(self, naive: datetime) -> int:
        offset = naive.replace(tzinfo=self._zone).utcoffset() if self._zone else None
        return int(offset.total_seconds()) if offset is not None else 0


def _milliseconds(naive: datetime, offset_seconds: int) -> int:
    return ((naive - _EPOCH) // _SECOND - offset_seconds) * 1000
