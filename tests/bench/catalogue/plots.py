"""Costs against sizes on logarithmic axes, each with the exponent that fits it."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot  # after the choice of a drawer without a screen


def exponent(sizes: list[float], costs: list[float]) -> float:
    """The slope of the straight line through the points on logarithmic axes."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def draw(curves: list, directory: Path) -> None:
    """One PNG for each plot that has curves."""
    directory.mkdir(parents=True, exist_ok=True)
    for plot in dict.fromkeys(curve.plot for curve in curves):
        _draw(plot, [curve for curve in curves if curve.plot == plot], directory)


def _draw(plot: str, curves: list, directory: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
    for curve in curves:
        label = curve.name
        if len(curve.sizes) > 1:
            label += f", exponent {exponent(curve.sizes, curve.costs):.2f}"
        axes.loglog(curve.sizes, curve.costs, "o-", label=label)
    file, title, x, y = plot.split("|")
    axes.set(title=title, xlabel=x, ylabel=y)
    low, high = axes.get_ylim()
    if high < 10 * low:
        # A decade at least, so that noise does not look like a slope.
        middle = (low * high) ** 0.5
        axes.set_ylim(middle / 10**0.5, middle * 10**0.5)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(directory / f"{file}.png", dpi=110, metadata={"Software": None})
    pyplot.close(figure)
