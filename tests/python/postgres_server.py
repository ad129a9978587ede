"""A PostgreSQL server of a test's own: Debian's ``postgresql-15`` in a temporary directory, on a Unix socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
USER = "nearside"


class PostgresServer:
    """A server with one empty database. It outlives every program of ours that is killed."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="nearside-pg-"))
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        self._data = str(self._directory / "data")
        settings = f"-c listen_addresses= -c unix_socket_directories={self._directory} -c fsync=off"
        log = str(self._directory / "log")
        try:
            made = ["--username", USER, "--auth", "trust", "--no-sync", "--locale", "C"]
            self._run("initdb", "--pgdata", self._data, *made)
            self._run("pg_ctl", "start", "--wait", "--pgdata", self._data, "--log", log, "--options", settings)
        except BaseException:
            shutil.rmtree(self._directory)
            raise

    @property
    def url(self) -> str:
        """Where the database is, as ``--database`` takes it."""
        return f"postgres://{USER}@localhost/postgres?host={quote(str(self._directory), safe='')}"

    def stop(self) -> None:
        """Stops the server and removes its files."""
        self._run("pg_ctl", "stop", "--pgdata", self._data, "--mode", "immediate")
        shutil.rmtree(self._directory)

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root; Debian's package has an account for it.
        user = "postgres" if os.getuid() == 0 else None
        command = [PROGRAMS / program, *arguments]
        subprocess.run(command, check=True, user=user, cwd=self._directory, stdout=subprocess.DEVNULL)
