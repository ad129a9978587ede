"""PostgreSQL with Q3C, as the Gaia archive runs it: a server of our own on a Unix socket in a temporary directory.

The table is clustered by Q3C's index and analysed. One backend answers, so that its processor time is all.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from questions import CONE_COLUMNS, Cone, Users, fingerprint
from rows import Rows

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
COLUMNS = CONE_COLUMNS
TYPES = {"source_id": "bigint", "phot_g_mean_mag": "real", "bp_rp": "real"}
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "3GB",
    "effective_cache_size": "8GB",
    "maintenance_work_mem": "1GB",
    "work_mem": "256MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "fsync": "off",
    "autovacuum": "off",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}


class Postgres:
    """The server, its one connection, and the loaded table ``gaia``."""

    name = "postgres+q3c"

    def __init__(self, rows: Rows):
        self._directory = Path(tempfile.mkdtemp(prefix="nearside-q3c-"))
        self._connection: psycopg.Connection | None = None
        try:
            self._start()
            self._connection = psycopg.connect(
                host=str(self._directory), dbname="postgres", user="bench", autocommit=True, prepare_threshold=None
            )
            self.pid: int = self._connection.info.backend_pid
            self._load(rows)
        except BaseException:
            self.stop()
            raise

    def cones(self, cones: list[Cone]) -> int:
        """Sources in all cones."""
        columns = ", ".join(COLUMNS)
        texts = (
            f"SELECT {columns} FROM gaia WHERE q3c_radial_query(ra, dec, {c.ra!r}, {c.dec!r}, {c.radius!r})"
            for c in cones
        )
        return sum(len(self._fetch(text)) for text in texts)

    def add_users(self, users: Users) -> None:
        """Loads a user's list, which an archive would have done at its upload."""
        self._execute(f"CREATE TABLE users_{users.count} (user_id bigint, ra double precision, dec double precision)")
        self._copy(f"users_{users.count}", pq.read_table(users.positions))
        self._execute(f"ANALYZE users_{users.count}")

    def match(self, users: Users, radius: float) -> list[int]:
        """Pairs within ``radius`` degrees: Q3C's join by the index on the larger table."""
        join = f"q3c_join(u.ra, u.dec, g.ra, g.dec, {radius!r})"
        pairs = self._fetch(f"SELECT u.user_id, g.source_id FROM users_{users.count} AS u JOIN gaia AS g ON {join}")
        pairs = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return fingerprint(pairs[:, 0], pairs[:, 1])

    def stop(self) -> None:
        """Stops the server and removes its files."""
        if self._connection:
            self._connection.close()
        data = self._directory / "data"
        if (data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--pgdata", str(data), "--mode", "immediate")
        shutil.rmtree(self._directory)

    def _start(self) -> None:
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        data = str(self._directory / "data")
        self._run("initdb", "--pgdata", data, "--username", "bench", "--auth", "trust", "--no-sync", "--locale", "C")
        settings = {**SETTINGS, "unix_socket_directories": str(self._directory)}
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in settings.items())
        log = str(self._directory / "log")
        self._run("pg_ctl", "start", "--pgdata", data, "--log", log, "--options", options, "--wait")

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root; Debian's package has an account for it.
        user = "postgres" if os.getuid() == 0 else None
        command = [PROGRAMS / program, *arguments]
        subprocess.run(command, check=True, user=user, cwd=self._directory, stdout=subprocess.DEVNULL)

    def _load(self, rows: Rows) -> None:
        columns = ", ".join(f"{name} {TYPES.get(name, 'double precision')}" for name in COLUMNS)
        self._execute("CREATE EXTENSION q3c")
        self._execute(f"CREATE UNLOGGED TABLE gaia ({columns})")
        for batch in pq.ParquetFile(rows.parquet).iter_batches(1 << 18, columns=COLUMNS):
            self._copy("gaia", pa.Table.from_batches([batch]))
        self._execute("CREATE INDEX gaia_q3c ON gaia (q3c_ang2ipix(ra, dec))")
        self._execute("CLUSTER gaia USING gaia_q3c")
        self._execute("VACUUM ANALYZE gaia")

    def _copy(self, table: str, values: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pyarrow.csv.write_csv(values, sink, pyarrow.csv.WriteOptions(include_header=False))
        with self._connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
            copy.write(sink.getvalue())

    def _execute(self, text: str) -> None:
        self._connection.execute(text.encode())

    def _fetch(self, text: str) -> list[tuple]:
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(text.encode()).fetchall()
