"""Everybody who takes part: our server and the peers, started when first asked for and stopped at the end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import rows as rows_module
from contest import Engine, Score, compete
from figures import Figure
from nearside_server import Nearside
from peers.data_fusion import StockDataFusion
from peers.duck import DuckDb
from peers.lsdb_catalog import Lsdb
from peers.polars_frame import Polars
from peers.postgres import Postgres
from rows import Rows
from verdict import beside
from worker import Worker


@dataclass(frozen=True)
class Curve:
    """A cost against a size, to be drawn on logarithmic axes."""

    plot: str
    name: str
    sizes: list[float]
    costs: list[float]


@dataclass
class Field:
    """The participants, and what is to be drawn of them."""

    rows: Rows
    nearside_program: Path
    server_program: Path
    rounds: int
    # Rows of the largest sky that growth is measured over.
    largest: int
    curves: list[Curve] = field(default_factory=list)
    _contests: list[tuple[str, dict[str, Score]]] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Field:
        return self

    def __exit__(self, *details: Any) -> None:
        self._stack.close()

    def compete(
        self, what: str, engines: list[Engine], work: Callable[[Any], Any], expected: Any = None
    ) -> dict[str, Score]:
        """See `contest.compete`; what it found is told by `details` too."""
        scores = compete(what, engines, work, self.rounds, expected)
        self._contests.append((what, scores))
        return scores

    def details(self) -> list[Figure]:
        """Wall clock and bytes of everybody beside ours, for every contest."""
        return [
            figure
            for what, scores in self._contests
            if "nearside" in scores
            for name, theirs in scores.items()
            if name != "nearside"
            for figure in beside(what, scores["nearside"], name, theirs)
        ]

    @cached_property
    def nearside(self) -> Nearside:
        """Our server on the rows."""
        return self._until_the_end(Nearside(self.server_program, self.rows.data))

    @cached_property
    def duckdb(self) -> Worker:
        """On one file of its own."""
        return self._until_the_end(Worker(DuckDb, self.rows))

    @cached_property
    def datafusion(self) -> Worker:
        """On our files."""
        return self._until_the_end(Worker(StockDataFusion, self.rows))

    @cached_property
    def polars(self) -> Worker:
        """On whatever it is given."""
        return self._until_the_end(Worker(Polars))

    @cached_property
    def lsdb(self) -> Worker:
        """On what hats-import makes; that is made first."""
        return self._until_the_end(Worker(Lsdb, rows_module.write_hats(self.rows)))

    @cached_property
    def postgres(self) -> Postgres:
        """With the table loaded."""
        return self._until_the_end(Postgres(self.rows))

    def peer(self, name: str) -> Any:
        """A peer by its name in the table."""
        return getattr(self, name.partition("+")[0])

    def publish(self, name: str, file: Path, sky: Rows | None = None) -> None:
        """Makes ``bench.<name>`` of a Parquet file with positions, for the next server of our rows or another sky."""
        data = (sky or self.rows).data
        if (data / "bench" / name).exists():
            return
        command = [self.nearside_program, "import", "--data", data, "--table", f"bench.{name}", file]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        if data == self.rows.data and "nearside" in self.__dict__:
            self.nearside.stop()
            del self.nearside

    def _until_the_end(self, engine: Any) -> Any:
        self._stack.callback(engine.stop)
        return engine
