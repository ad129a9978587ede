"""The VO services over bare HTTP, so that the client costs little and no byte is kept that nobody wants."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from meter import Cost, Meter
from platform_process import Ready
from pyarrow import flight
from waiting import until

CHUNK_BYTES = 1 << 20
# Half a million light curves take minutes.
ANSWER_WITHIN_S = 1800.0
TAP = "/tap-server/tap"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Answer:
    """An answer that was read to its end, and what it cost the server."""

    bytes: int
    lines: int
    cost: Cost

    @property
    def mb_per_cpu_s(self) -> float:
        """Bytes sent for each second of a processor."""
        return self.bytes / 1e6 / self.cost.cpu_s


class Service:
    """The services of a running platform."""

    def __init__(self, ready: Ready):
        self._address = urlsplit(ready.vo_url)
        self._engine = flight.FlightClient(ready.flight_url)
        bearer = (b"authorization", b"Bearer " + ready.token.encode())
        self._options = flight.FlightCallOptions(headers=[bearer])
        self.pid = ready.pid

    def query(self, adql: str, output_format: str) -> Answer:
        """The answer of a sync query."""
        return self.read(f"{TAP}/sync", {"QUERY": adql, "FORMAT": output_format})

    def read(self, path: str, form: dict[str, str]) -> Answer:
        """An answer, counted and forgotten."""
        size, lines = 0, 0
        with Meter(self.pid) as meter:
            for chunk in self.pieces(path, form):
                size += len(chunk)
                lines += chunk.count(b"\n")
        return Answer(size, lines, meter.cost)

    def first_byte_s(self, adql: str, output_format: str) -> float:
        """Seconds until an answer begins; the rest is not wanted."""
        began = time.perf_counter()
        next(self.pieces(f"{TAP}/sync", {"QUERY": adql, "FORMAT": output_format}))
        return time.perf_counter() - began

    def first_batch_s(self, sql: str) -> float:
        """Seconds until the engine has the first rows, as its own protocol tells."""
        began = time.perf_counter()
        offer = self._engine.get_flight_info(flight.FlightDescriptor.for_command(sql.encode()), self._options)
        rows = self._engine.do_get(offer.endpoints[0].ticket, self._options)
        rows.read_chunk()
        seconds = time.perf_counter() - began
        rows.cancel()
        return seconds

    def job(self, adql: str, output_format: str) -> int:
        """The bytes of the result of a job."""
        form = {"QUERY": adql, "FORMAT": output_format, "PHASE": "RUN"}
        connection, response = self._ask("POST", f"{TAP}/async", form)
        job = urlsplit(response.headers["Location"]).path
        connection.close()
        phase = until(lambda: self._ended(job), within=ANSWER_WITHIN_S, what="the end of the job")
        assert phase == "COMPLETED", phase
        return sum(map(len, self.pieces(f"{job}/results/result")))

    def pieces(self, path: str, form: dict[str, str] | None = None) -> Iterator[bytes]:
        """The body of an answer, as it comes."""
        connection, response = self._ask("POST" if form else "GET", path, form)
        try:
            assert response.status == 200, response.read()
            while piece := response.read1(CHUNK_BYTES):
                yield piece
        finally:
            connection.close()

    def _ended(self, job: str) -> str | None:
        phase = b"".join(self.pieces(f"{job}/phase")).decode()
        return phase if phase in ("COMPLETED", "ERROR", "ABORTED") else None

    def _ask(
        self, method: str, path: str, form: dict[str, str] | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=ANSWER_WITHIN_S)
        connection.request(method, path, urlencode(form) if form else None, FORM if form else {})
        return connection, connection.getresponse()
