"""A connection to the Flight server, and the questions that one asks it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import flight

from nearside import credentials, errors, flight_sql, sql, transfer
from nearside.credentials import Credentials
from nearside.light_curves import TABLE as EPOCH_PHOTOMETRY
from nearside.light_curves import LightCurves
from nearside.progress import Progress
from nearside.result import Result

# Ids in one query of light curves; longer lists are asked for in several.
IDS_PER_QUERY = 1000


def connect(
    url: str | None = None,
    token: str | None = None,
    ca_file: str | os.PathLike[str] | None = None,
    *,
    progress: bool = True,
) -> Connection:
    """Connects to the catalogue.

    Inside a lab no argument is needed. Elsewhere give the address and a token.

    Args:
        url: ``grpc://host:port``, or ``grpc+tls://host:port`` with TLS.
        token: a token from your Nearside page; sent as Bearer with every call.
        ca_file: PEM file of the certificate authority to trust, where it is not a public one.
        progress: show rows, megabytes and rate when a transfer takes longer than a second.

    Raises:
        NotConnected: an address or a token is missing.
    """
    return Connection(credentials.find(url, token, ca_file), progress=progress)


class Connection:
    """An open connection. Use it as a context manager, or call `close`.

    All methods raise `TokenRefused` for a bad token, `QueryError` for bad SQL, `LimitReached` when
    a query needs too much, and `Unreachable` when nothing answers; all are `NearsideError`.
    """

    def __init__(self, who: Credentials, *, progress: bool = True):
        self._who = who
        self._progress = progress
        self._client: flight.FlightClient | None = _client(who.url, who)

    def sql(self, query: str) -> Result:
        """Runs one SELECT and returns all its rows.

        Args:
            query: SQL, for example ``SELECT source_id, ra, dec FROM gaiadr3.gaia_source LIMIT 10``.
        """
        return Result(self._fetch(query.encode()))

    def cone(
        self,
        ra: Any,
        dec: Any = None,
        radius: Any = None,
        table: str = "gaiadr3.gaia_source",
        columns: Sequence[str] | None = None,
    ) -> Result:
        """All rows of ``table`` within ``radius`` of a position.

        Args:
            ra, dec: ICRS, numbers in degrees or astropy angles; or one SkyCoord as ``ra`` alone.
            radius: a number in degrees or an astropy angle, above 0 and at most 180 degrees.
            table: a table with columns ``ra`` and ``dec``.
            columns: names of the columns to return; None for all.

        Raises:
            ValueError: a number out of range, or a text that is no name.
        """
        return self.sql(sql.select(table, columns, sql.cone(ra, dec, radius)))

    def light_curves(self, ids: Any, table: str = EPOCH_PHOTOMETRY) -> LightCurves:
        """Epoch photometry of the given sources, one row per source in the order of ``ids``.

        Args:
            ids: one source_id or any sequence, array or column of them. Repetitions count once.

        Returns:
            The rows, with `LightCurves.missing` (ids without light curve) and `LightCurves.band`.

        Raises:
            TypeError: an id is no integer. Floats are refused: they have lost digits.
        """
        asked = sql.source_ids(ids)
        parts = [asked[i : i + IDS_PER_QUERY] for i in range(0, len(asked), IDS_PER_QUERY)]
        conditions = [f"source_id IN ({', '.join(map(str, part))})" for part in parts] or ["false"]
        tables = [self.sql(sql.select(table, None, condition)).to_arrow() for condition in conditions]
        return LightCurves(pa.concat_tables(tables), asked)

    def products(self, ids: Any, types: str | Sequence[str] = "ALL") -> Result:
        """Light curves and spectra of sources: one row for every source and retrieval type.

        Args:
            ids: one source_id or a sequence of them, integers.
            types: ``EPOCH_PHOTOMETRY``, ``EPOCH_ASTROMETRY``, ``XP_CONTINUOUS``, ``XP_SAMPLED``, ``RVS``, or several of them.

        Returns:
            ``source_id``, ``retrieval_type``, ``missing`` (why there is no product, or null), and a column for the
            product of each type that the catalogue has.

        Raises:
            TypeError: an id is no integer. Floats are refused: they have lost digits.
            ValueError: no id, or no name of a retrieval type.
        """
        asked, names = sql.source_ids(ids), sql.retrieval_types(types)
        if not asked:
            raise ValueError("which sources? ids is empty")
        parts = [asked[i : i + IDS_PER_QUERY] for i in range(0, len(asked), IDS_PER_QUERY)]
        query = "SELECT * FROM epoch_products('{}', [{}])"
        return Result(
            pa.concat_tables(self.sql(query.format(names, ", ".join(map(str, part)))).to_arrow() for part in parts)
        )

    def tables(self) -> Result:
        """The tables that you may read: columns ``table``, ``columns`` (how many), ``description``."""
        return Result(flight_sql.overview(self._fetch(flight_sql.get_tables())))

    def close(self) -> None:
        """Closes the connection. Results stay usable; closing twice is fine."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Connection to {self._who.url}" + ("" if self._client else " (closed)")

    def _fetch(self, command: bytes) -> pa.Table:
        if self._client is None:
            raise errors.NotConnected("this connection is closed: call nearside.connect() again")
        # The token is read now: a lab's token is replaced every few minutes.
        bearer = (b"authorization", b"Bearer " + self._who.token().encode())
        program = (b"x-nearside-client", self._who.program.encode())
        options = flight.FlightCallOptions(headers=[bearer, program])
        with errors.told_plainly(self._who.url):
            info = self._client.get_flight_info(flight.FlightDescriptor.for_command(command), options)
            if not info.endpoints:
                return info.schema.empty_table()
            streams = [transfer.Stream(self._client, endpoint.ticket, options) for endpoint in info.endpoints]
            total = info.total_records if info.total_records > 0 else None
            with Progress(total, enabled=self._progress) as progress:
                return pa.concat_tables(transfer.read_all(streams, progress))


def _client(url: str, who: Credentials) -> flight.FlightClient:
    # A proxy for the web is no way to a server on this machine.
    local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    options = [("grpc.enable_http_proxy", 0)] if local else []
    try:
        return flight.FlightClient(url, tls_root_certs=who.ca_certificates(), generic_options=options)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise errors.NotConnected(
            f"{url!r} is no address of a Flight server, such as grpc://host:port: {error}"
        ) from None
