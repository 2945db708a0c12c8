"""Wait for the local server as long as the time limit says, unless its process was stopped.

A model may take minutes to answer, so a silence tells nothing; a process that was stopped (SIGSTOP)
is silent, too, and never answers. So the process is looked at from time to time while a read waits.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.iteration import run_in_thread
from langchain_fbmessenger.exceptions import MessengerError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["look_while_waiting"]

_LOOK_SECONDS = 5.0
_LEAST_SECONDS = 0.001
"""For a socket, 0 would mean not to wait at all."""


def look_while_waiting(client: Any, check: Callable[[], None], *, is_async: bool) -> None:
    """Have an HTTP client call `check` whenever it has waited some seconds for an answer.

    Args:
        client: A client of httpx, or of httpx2.
        check: Raises an error of this package where an answer cannot come; believed when it does
            so twice in a row.
        is_async: Whether the client is one for async code.
    """
    # httpcore lets one replace what makes connections, but httpx has no option for it.
    pool = client._transport._pool  # noqa: SLF001  # see above
    core = import_module(type(pool).__module__.partition(".")[0])
    backend = _AsyncBackend if is_async else _Backend
    pool._network_backend = backend(pool._network_backend, core, check)  # noqa: SLF001


class _Looks:
    """The looks during one wait."""

    def __init__(self, timeout: float | None, check: Callable[[], None]) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout
        self._check = check
        self._was_bad = False

    def next_timeout(self) -> float:
        """Return how long to wait until the next look."""
        if self._end is None:
            return _LOOK_SECONDS
        return min(_LOOK_SECONDS, max(_LEAST_SECONDS, self._end - time.monotonic()))

    def look(self) -> bool:
        """Look at the server; say whether there is time left to wait.

        Raises:
            MessengerError: It cannot answer.
        """
        try:
            self._check()
        except MessengerError:
            if self._was_bad:
                raise
            self._was_bad = True
        else:
            self._was_bad = False
        return self._end is None or time.monotonic() < self._end


class _Wrapper:
    """An object of httpcore, with some of its methods replaced."""

    def __init__(self, inner: Any, core: Any, check: Callable[[], None]) -> None:
        self._inner = inner
        self._core = core
        self._check = check

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Stream(_Wrapper):
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        looks = _Looks(timeout, self._check)
        while True:
            try:
                read: bytes = self._inner.read(max_bytes, timeout=looks.next_timeout())
            except self._core.ReadTimeout:
                if not looks.look():
                    raise
            else:
                return read

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces of our own: how much was sent of one that took too long cannot be known.
        connection = self._inner.get_extra_info("socket")
        looks = _Looks(timeout, self._check)
        rest = memoryview(buffer)
        while rest:
            connection.settimeout(looks.next_timeout())
            try:
                rest = rest[connection.send(rest) :]
                looks = _Looks(timeout, self._check)
            except TimeoutError as error:
                if not looks.look():
                    raise self._core.WriteTimeout(str(error)) from error
            except OSError as error:
                raise self._core.WriteError(str(error)) from error


class _Backend(_Wrapper):
    def connect_tcp(self, *where: Any, **options: Any) -> _Stream:
        return _Stream(self._inner.connect_tcp(*where, **options), self._core, self._check)


class _AsyncStream(_Wrapper):
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        looks = _Looks(timeout, self._check)
        while True:
            try:
                read: bytes = await self._inner.read(max_bytes, timeout=looks.next_timeout())
            except self._core.ReadTimeout:
                if not await run_in_thread(looks.look):
                    raise
            else:
                return read


class _AsyncBackend(_Wrapper):
    async def connect_tcp(self, *where: Any, **options: Any) -> _AsyncStream:
        stream = await self._inner.connect_tcp(*where, **options)
        return _AsyncStream(stream, self._core, self._check)
