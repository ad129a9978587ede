"""What a person sees while a long transfer runs: rows, megabytes, rate.

Quick transfers show nothing. In a notebook one line of HTML is updated in place; in a terminal one
line on stderr; into a file or a pipe nothing is written.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType

# A transfer that ends sooner than this, in seconds, draws nothing.
QUIET_SECONDS = 1.0
# Seconds between two drawings.
REDRAW_SECONDS = 0.25
_BAR_WIDTH = 24


class Progress:
    """A line that follows one transfer. ``total`` is the expected number of rows, or None."""

    def __init__(self, total: int | None, *, enabled: bool = True):
        self._total = total
        self._started = time.monotonic()
        self._next_drawing = self._started + QUIET_SECONDS
        self._line = _line() if enabled else None
        self._drawn = False
        self._rows = self._size = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn and self._line is not None:
            self._line(self._share() if error else 1.0, self._text(), True)

    def update(self, rows: int, size: int) -> None:
        """``rows`` and ``size`` in bytes so far."""
        self._rows, self._size = rows, size
        now = time.monotonic()
        if self._line is None or now < self._next_drawing:
            return
        self._next_drawing = now + REDRAW_SECONDS
        self._drawn = True
        self._line(self._share(), self._text(), False)

    def _share(self) -> float | None:
        return min(1.0, self._rows / self._total) if self._total else None

    def _text(self) -> str:
        seconds = max(time.monotonic() - self._started, 1e-6)
        size = self._size / 1e6
        return f"{self._rows:,} rows, {size:,.1f} MB, {seconds:.1f} s, {size / seconds:,.1f} MB/s"


# (share done or None, text, whether it is the last drawing)
Line = Callable[[float | None, str, bool], None]


def _line() -> Line | None:
    if "ipykernel" in sys.modules:
        return _notebook_line()
    if sys.stderr is not None and sys.stderr.isatty():
        return _terminal_line
    return None


def _terminal_line(share: float | None, text: str, last: bool) -> None:
    filled = round((share or 0.0) * _BAR_WIDTH)
    bar = f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] " if share is not None else ""
    sys.stderr.write(f"\r\x1b[K{bar}{text}" + ("\n" if last else ""))
    sys.stderr.flush()


def _notebook_line() -> Line:
    from IPython.display import DisplayHandle, HTML

    handle = DisplayHandle()
    shown = False

    def draw(share: float | None, text: str, last: bool) -> None:
        nonlocal shown
        value = "" if share is None else f' value="{share:.3f}"'
        bar = "" if last else f'<progress max="1"{value}></progress> '
        html = HTML(f"<small>{bar}{text}</small>")
        if shown:
            handle.update(html)
        else:
            handle.display(html)
            shown = True

    return draw
