"""Which exchanges may be found, and how much they count: people and times in, an order out."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_fbmessenger._internal.names import NameSearch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from langchain_fbmessenger.retrieval.exchanges import Exchange

__all__ = ["Filters", "Ranking"]

_UNKNOWN = -(2**62)  # a time before all others
_FIRST_LOOK = 64  # more than are asked for: sorting all that share a word takes longer


class Filters(NamedTuple):
    """What is looked for.

    Attributes:
        contact: Who it was written to; None for anybody.
        after: First time, in Unix ms.
        before: First time that is too late, in Unix ms.
        half_life: Age, from the newest exchange, at which one counts half.
    """

    contact: str | None = None
    after: int | None = None
    before: int | None = None
    half_life: timedelta | None = None

    @property
    def is_by_time(self) -> bool:
        """Whether exchanges of unknown times are left out."""
        return self.after is not None or self.before is not None


class Ranking:
    """The people and times of exchanges.

    Args:
        exchanges: The exchanges.
    """

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        import numpy as np

        self._times = np.array(
            [_UNKNOWN if one.time is None else one.time for one in exchanges], dtype=np.int64
        )
        self._contacts: dict[str, int] = {}
        for one in exchanges:
            self._contacts.setdefault(one.contact, len(self._contacts))
        self._contact = np.array([self._contacts[e.contact] for e in exchanges], dtype=np.int32)
        self._meant: dict[str, list[int]] = {}

    def weights(self, filters: Filters) -> NDArray[Any]:
        """Return what each exchange counts: 1, less for its age, 0 where it is not looked for."""
        import numpy as np

        weights = self._by_age(filters.half_life)
        if filters.contact is not None:
            weights *= np.isin(self._contact, self._contacts_meant(filters.contact))
        if filters.is_by_time:
            weights *= self._times != _UNKNOWN
        if filters.after is not None:
            weights *= self._times >= filters.after
        if filters.before is not None:
            weights *= self._times < filters.before
        return weights

    def ordered(self, scores: NDArray[Any], wanted: int) -> Iterator[int]:
        """Give the places of exchanges with a score, the best first; of equal ones the newest.

        Args:
            scores: The score of each exchange.
            wanted: How many are likely to be taken.
        """
        import numpy as np

        places = np.flatnonzero(scores > 0)
        most = wanted + _FIRST_LOOK
        if len(places) > most:
            least = np.partition(scores[places], -most)[-most]
            first = places[scores[places] >= least]
            yield from self._sorted(first, scores)
            places = places[scores[places] < least]
        yield from self._sorted(places, scores)

    def _sorted(self, places: NDArray[Any], scores: NDArray[Any]) -> Iterator[int]:
        import numpy as np

        order = np.lexsort((places, -self._times[places], -scores[places]))
        yield from places[order].tolist()

    def _by_age(self, half_life: timedelta | None) -> NDArray[Any]:
        """Return a half at the half-life, a quarter at twice that; `balance_examples` says why."""
        import numpy as np

        if half_life is None:
            return np.ones(len(self._times))
        # One message with a clock far ahead must not make all others old.
        newest = self._times[self._times <= time.time() * 1000].max(initial=0)
        ages = np.where(self._times == _UNKNOWN, 0, np.maximum(newest - self._times, 0))
        weights: NDArray[Any] = 0.5 ** (ages / (half_life / timedelta(milliseconds=1)))
        return weights

    def _contacts_meant(self, name: str) -> list[int]:
        """Return the contacts that a typed name may mean: all, where accents would tell them."""
        if name not in self._meant:
            search = NameSearch(name)
            for contact in self._contacts:
                if contact:
                    search.meet([contact])
            names = (one for candidate in search.candidates for one in candidate)
            self._meant[name] = [self._contacts[one] for one in names]
        return self._meant[name]
