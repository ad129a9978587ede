"""Waiting for a condition with a deadline, instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY = 0.02


def until(condition: Callable[[], T], *, within: float, what: str) -> T:
    """The first true value of ``condition``; fails after ``within`` seconds, saying ``what`` was awaited."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {within} s in vain: {what}"
        time.sleep(LOOK_EVERY)
    return value
