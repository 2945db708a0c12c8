from __future__ import annotations

import gc
import os
import threading

import pytest

from langchain_fbmessenger._internal.collector import without_gc


@without_gc
def is_collecting() -> bool:
    return gc.isenabled()


def test_it_is_paused_inside_and_on_again_outside() -> None:
    assert not is_collecting()
    assert gc.isenabled()


def test_it_is_on_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        without_gc(lambda: 1 // 0)()
    assert gc.isenabled()


def test_what_the_user_has_switched_off_stays_off() -> None:
    gc.disable()
    try:
        is_collecting()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_last_of_several_threads_switches_it_on() -> None:
    inside, leave = threading.Event(), threading.Event()

    @without_gc
    def stay() -> None:
        inside.set()
        leave.wait(10)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(10)
    is_collecting()
    assert not gc.isenabled(), "the other thread is still inside"
    leave.set()
    thread.join()
    assert gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
def test_a_fork_in_the_middle_leaves_the_child_with_the_collector_on() -> None:
    @without_gc
    def fork() -> int:
        return os.fork()

    child = fork()
    if child == 0:
        os._exit(0 if gc.isenabled() else 1)
    assert os.waitpid(child, 0)[1] == 0
