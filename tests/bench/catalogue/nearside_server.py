"""Our Flight server as it is deployed, asked over the loopback interface; its processor time is what counts."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

import jwt
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from peers import sql
from pyarrow import flight
from questions import CONE_COLUMNS, Cone, Users, fingerprint

ISSUER = "https://nearside.bench"
TOKEN_SECONDS = 4 * 3600
START_WITHIN_S = 60.0


class Nearside:
    """A running `flight-server` and a client of it."""

    name = "nearside"

    def __init__(self, program: Path, data: Path):
        self._files = tempfile.TemporaryDirectory()
        files = Path(self._files.name)
        key = Ed25519PrivateKey.generate()
        (files / "keys.json").write_text(json.dumps({"keys": [_public(key)]}))
        command = [program, "--data", data, "--listen", "127.0.0.1:0", "--issuer", ISSUER]
        command += ["--keys", files / "keys.json"]
        began = time.perf_counter()
        with (files / "log").open("w") as log:
            self._process = subprocess.Popen(command, stderr=log, env={"RUST_LOG": "info", "NO_COLOR": "1"})
        self.pid: int = self._process.pid
        self._client = flight.FlightClient(_location(files / "log", self._process))
        bearer = (b"authorization", b"Bearer " + _token(key).encode())
        self._options = flight.FlightCallOptions(headers=[bearer])
        # From the start of the process to the address that it serves on: it has opened every table by then.
        self.opened_s = time.perf_counter() - began

    def sql(self, query: str) -> pa.Table:
        """All rows of a SELECT."""
        info = self._info(query)
        parts = [self._client.do_get(part.ticket, self._options).read_all() for part in info.endpoints]
        return pa.concat_tables(parts) if parts else info.schema.empty_table()

    def stream(self, query: str) -> flight.FlightStreamReader:
        """The first stream of a SELECT, for who wants to leave it."""
        return self._client.do_get(self._info(query).endpoints[0].ticket, self._options)

    def cones(self, cones: list[Cone]) -> int:
        """Sources in all cones."""
        return sum(len(self.sql(cone_query(cone))) for cone in cones)

    def histogram(self) -> tuple[int, int]:
        """Bins, and stars in them."""
        bins = self.sql(sql.HISTOGRAM.format(table="gaiadr3.gaia_source"))
        return len(bins), sum(bins["stars"].to_pylist())

    def match(self, users: Users, radius: float) -> list[int]:
        """Pairs within ``radius`` degrees."""
        pairs = self.sql(match_query(f"bench.users_{users.count}", radius))
        return fingerprint(pairs["user_id"].to_numpy(), pairs["source_id"].to_numpy())

    def stop(self) -> None:
        """Ends the server."""
        if self._process.poll() is None:
            self._client.close()
            self._process.terminate()
            self._process.wait()
            self._files.cleanup()

    def _info(self, query: str) -> flight.FlightInfo:
        return self._client.get_flight_info(flight.FlightDescriptor.for_command(query.encode()), self._options)


def cone_query(cone: Cone, table: str = "gaiadr3.gaia_source") -> str:
    """A cone as our users write it."""
    inside = f"cone(ra, dec, {cone.ra!r}, {cone.dec!r}, {cone.radius!r})"
    return f"SELECT {', '.join(CONE_COLUMNS)} FROM {table} WHERE {inside}"


def match_query(users: str, radius: float) -> str:
    """A match as our users write it: a join by distance."""
    inside = f"distance_deg(u.ra, u.dec, g.ra, g.dec) <= {radius!r}"
    return f"SELECT u.user_id, g.source_id FROM {users} AS u JOIN gaiadr3.gaia_source AS g ON {inside}"


def _public(key: Ed25519PrivateKey) -> dict[str, str]:
    raw = urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "bench", "x": raw}


def _token(key: Ed25519PrivateKey) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "bench", "aud": ["nearside-flight"], "jti": uuid.uuid4().hex}
    claims |= {"iat": now, "nbf": now - 1, "exp": now + TOKEN_SECONDS}
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "bench"})


def _location(log: Path, process: subprocess.Popen) -> str:
    """The address in the server's log, once it is there."""
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        found = re.search(r"(grpc\S*://[\d.:]+)", log.read_text())
        if found:
            return found.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.002)
    raise RuntimeError(f"no server:\n{log.read_text()}")
