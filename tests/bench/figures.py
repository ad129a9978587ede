"""The row that every benchmark prints: a figure beside its peer's, and the bar that we set ourselves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One figure beside its peer's, measured in the same run. A figure without value says why in ``note``."""

    name: str
    value: float | None
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    bar: str | None = None
    met: bool | None = None
    note: str | None = None


def report(figures: list[Figure]) -> None:
    """Prints the figures as one JSON array, on the last line."""
    print(json.dumps([asdict(figure) for figure in figures]))
