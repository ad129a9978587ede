"""The public methods of astroquery's clients, and the one check that each has."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from astroquery.gaia import GaiaClass
from astroquery.utils.tap import TapPlus

CHECKS: dict[str, Callable] = {}


def public_methods() -> set[str]:
    """As ``Class.method``, where it is defined: what a class inherits has one check for both."""
    return {
        method.__qualname__
        for client in (TapPlus, GaiaClass)
        for name, method in inspect.getmembers(client, inspect.isroutine)
        if not name.startswith("_")
    }


def checks(*methods: str) -> Callable[[Callable], Callable]:
    """Says that a function checks these methods, by ``Class.method``."""

    def remember(check: Callable) -> Callable:
        twice = CHECKS.keys() & set(methods)
        assert not twice, f"{twice} have a check already"
        CHECKS.update(dict.fromkeys(methods, check))
        return check

    return remember


class Calls:
    """Remembers which public methods were called on a client, by anybody."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def watch(self, client: TapPlus) -> TapPlus:
        """The same client, which tells of every call."""
        for name, method in inspect.getmembers(type(client), inspect.isroutine):
            if not name.startswith("_"):
                setattr(client, name, self._told(method.__qualname__, getattr(client, name)))
        return client

    def _told(self, qualified: str, method: Callable) -> Callable:
        def call(*arguments: object, **named: object) -> object:
            self.seen.add(qualified)
            return method(*arguments, **named)

        return call
