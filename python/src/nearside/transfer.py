"""One query's way from the server into memory.

A FlightInfo lists endpoints, each a stream of its own; they are read side by side and joined in the
order of the list. The calling thread only watches: it draws the progress and hears an interrupt.
Nothing is written to disk.
"""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Protocol

import pyarrow as pa
from pyarrow import flight

# More streams at a time bring nothing on one network card.
MAX_STREAMS = 8
# How often the progress is looked at, in seconds.
WATCH_SECONDS = 0.1


class Watcher(Protocol):
    """Sees how far a transfer is."""

    def update(self, rows: int, size: int) -> None:
        """``rows`` and bytes so far, over all streams."""


class Stream:
    """One endpoint, read to its end in a thread."""

    def __init__(self, client: flight.FlightClient, ticket: flight.Ticket, options: flight.FlightCallOptions):
        self._client, self._ticket, self._options = client, ticket, options
        self._reader: flight.FlightStreamReader | None = None
        self._cancelled = False
        self.rows = 0
        self.size = 0

    def read(self) -> pa.Table:
        """All batches of the endpoint as one table, without copying them."""
        self._reader = self._client.do_get(self._ticket, self._options)
        batches = []
        while not self._cancelled:
            try:
                batch = self._reader.read_chunk().data
            except StopIteration:
                break
            if batch is not None:
                batches.append(batch)
                self.rows += batch.num_rows
                self.size += batch.nbytes
        return pa.Table.from_batches(batches, self._reader.schema)

    def cancel(self) -> None:
        """Ends the stream on both sides; the server stops working for it."""
        self._cancelled = True
        if self._reader is not None:
            self._reader.cancel()


def read_all(streams: list[Stream], watcher: Watcher) -> list[pa.Table]:
    """The tables of all streams, in their order. The first failure cancels the others and is raised."""
    with ThreadPoolExecutor(max_workers=max(1, min(len(streams), MAX_STREAMS))) as pool:
        futures = [pool.submit(stream.read) for stream in streams]
        try:
            _watch(futures, streams, watcher)
            return [future.result() for future in futures]
        except BaseException:
            for future, stream in zip(futures, streams, strict=True):
                future.cancel()
                stream.cancel()
            raise


def _watch(futures: list[Future[pa.Table]], streams: list[Stream], watcher: Watcher) -> None:
    running = True
    while running:
        done, waiting = wait(futures, timeout=WATCH_SECONDS, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        watcher.update(sum(s.rows for s in streams), sum(s.size for s in streams))
        running = bool(waiting)
