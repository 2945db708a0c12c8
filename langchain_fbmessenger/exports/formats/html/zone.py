"""Choose the time zone of pages whose times name none, and turn wall times into moments.

Pages of Facebook show the account's wall clock, those of Instagram a fixed Pacific -08:00. Facts:
section 6 of docs/formats.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Collection

    from langchain_fbmessenger.exports.formats.html.dates import WallTime

__all__ = ["Clock", "ZoneChooser"]

_DAY = 24 * 60  # a page can state any number; no zone is as far off as this
_PACIFIC = timezone(timedelta(hours=-8))

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are naive
_SECOND = timedelta(seconds=1)
_SECONDS_OF_HOUR = 3600
_LAST_OF_HOUR = timedelta(minutes=59, seconds=59)


class ZoneChooser:
    """Chooses the zone of dates that name none: the user's, else a known one, else the machine's.

    `assumed` names all zones that were assumed, for one warning; None if nothing was.
    """

    def __init__(self, given: tzinfo | None) -> None:
        self._given = given
        self._assumed: dict[str, None] = {}

    @property
    def assumed(self) -> str | None:
        """The zones that were taken though pages name none, in words; None without any."""
        return " and ".join(self._assumed) or None

    def __call__(
        self, generation: str, stated_minutes: int | None, unknown: Collection[str] = ()
    ) -> tzinfo:
        """Return the zone for a page of a generation that states an offset on the export's day.

        Args:
            generation: The page's generation.
            stated_minutes: The offset that it states, in minutes.
            unknown: Names of unknown zones in its dates, for the warning.
        """
        if self._given is not None:
            return self._given
        zone, name = self._choose(generation, stated_minutes)
        names = " or ".join(sorted(unknown))
        self._assumed[f"{name} for the zone {names}, which is not known," if names else name] = None
        return zone

    def _choose(self, generation: str, stated_minutes: int | None) -> tuple[tzinfo, str]:
        if generation.startswith("I"):
            return _PACIFIC, "Instagram's fixed UTC-08:00"
        local = _LocalZone()
        if (
            stated_minutes is None
            or abs(stated_minutes) >= _DAY
            or timedelta(minutes=stated_minutes) in local.offsets()
        ):
            return local, "this machine's time zone"
        stated = timezone(timedelta(minutes=stated_minutes))
        return stated, f"{stated} all year, which pages name for the day of the export"


class _LocalZone(tzinfo):
    """The machine's zone with its summer times."""

    @override
    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        try:
            return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()
        except (OverflowError, OSError, ValueError):
            return timedelta()  # a year that the machine's clock does not have

    @override
    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    @override
    def tzname(self, dt: datetime | None) -> str | None:
        return "local"

    def offsets(self) -> set[timedelta | None]:
        """Return the offsets of this year's winter and summer."""
        year = datetime.now(tz=timezone.utc).year
        return {self.utcoffset(datetime(year, month, 1, tzinfo=self)) for month in (1, 7)}


class Clock:
    """Turns wall times into moments.

    Args:
        zone: The zone of wall times that name none; None if all of them do.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        # Asking a zone costs more than all the rest, and pages have many messages an hour.
        self._offset_of_hour: dict[tuple[tzinfo | None, int], int | None] = {}

    def milliseconds(self, wall: WallTime) -> int:
        """Return the moment in Unix ms; of an hour that clocks show twice, the first."""
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
        """Return the moment in Unix ms at which a clock that was put back shows this time again."""
        again = wall.naive.replace(fold=1)
        offset = _offset(wall.zone or self._zone, again)
        return ((wall.naive - _EPOCH) // _SECOND - offset) * 1000


def _offset(zone: tzinfo | None, naive: datetime) -> int:
    offset = naive.replace(tzinfo=zone).utcoffset() if zone else None
    return int(offset.total_seconds()) if offset is not None else 0
