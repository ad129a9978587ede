"""Rows of the table from scores: ours over a peer's against a bar, or why there is none."""

from __future__ import annotations

from contest import Score
from figures import Figure

MILLI = 1e3


def against(
    name: str, unit: str, value: float, peer: str, peer_value: float, most: float | None, note: str | None = None
) -> Figure:
    """Ours as a multiple of the peer's, at most ``most`` of it; without a bar when that is None."""
    ratio = value / peer_value
    bar = None if most is None else f"<= {most:g}x"
    met = None if most is None else bool(ratio <= most)
    return Figure(name, rounded(value), unit, peer, rounded(peer_value), rounded(ratio), bar, met, note)


def beside(what: str, ours: Score, peer: str, theirs: Score) -> list[Figure]:
    """The wall clock and the bytes that were read, without a bar. A mapped file or a buffer counts as no bytes."""
    found = [against(f"{what}, wall", "s", ours.wall_s, peer, theirs.wall_s, None)]
    if theirs.read_bytes > 0:
        found.append(against(f"{what}, read", "MB", ours.read_bytes / 1e6, peer, theirs.read_bytes / 1e6, None))
    return found


def within(name: str, unit: str, value: float, most: float, note: str | None = None) -> Figure:
    """A value that should be at most ``most``."""
    return Figure(name, rounded(value), unit, bar=f"<= {most:g} {unit}".strip(), met=bool(value <= most), note=note)


def at_least(name: str, unit: str, value: float, least: float, note: str | None = None) -> Figure:
    """A value that should be at least ``least``."""
    return Figure(name, rounded(value), unit, bar=f">= {least:g} {unit}".strip(), met=bool(value >= least), note=note)


def not_measured(name: str, unit: str, bar: str, why: str) -> Figure:
    """A row that has no figure, and why."""
    return Figure(name, None, unit, bar=bar, note=f"not measured: {why}")


def rounded(value: float) -> float:
    """Four significant digits."""
    return float(f"{float(value):.4g}")
