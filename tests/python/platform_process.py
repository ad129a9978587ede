"""The platform as a user starts it: the built program, a state directory, a ready file.

Processes of labs are found by the mark in their environment, as after a crash nothing else knows them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import parts
from waiting import until

# A cold sample sky has to be read, and two slow cores may be busy.
READY_WITHIN = 120.0
STOP_WITHIN = 5.0
MARK = b"NEARSIDE_LAB="
ANY_PORTS = ["--port", "0", "--flight-port", "0", "--vo-port", "0"]
README_COMMAND = ["cargo", "xtask", "up"]


def built_programs() -> list[str | Path]:
    """The programs under test, in the Python that runs the tests."""
    agent = parts.program("NEARSIDE_LAB_AGENT")
    return [parts.program("NEARSIDE_BIN"), "up", "--python", sys.executable, "--lab-agent", agent]


@dataclass(frozen=True)
class Ready:
    """The contents of the ready file."""

    gateway_url: str
    flight_url: str
    vo_url: str
    user: str
    token: str = field(repr=False)
    ca_file: str | None
    pid: int


class PlatformProcess:
    """One run of ``nearside up`` on a state directory of its own, or of what the README tells to run."""

    def __init__(self, state: Path, data: Path, *options: str, readme: bool = False, ports: list[str] = ANY_PORTS):
        self.state, self._data, self._options = state, data, options
        self._files = state.parent / f"{state.name}-run"
        self._files.mkdir(exist_ok=True)
        self._ready_file = self._files / "ready.json"
        self._ready_file.unlink(missing_ok=True)
        self._output = self._files / "stdout"
        self.errors = self._files / "stderr"
        up = README_COMMAND if readme else built_programs()
        up = [*up, "--state", state, "--data", data, "--ready-file", self._ready_file, *options]
        up += [*ports, "--no-browser"]
        with self._output.open("w") as output, self.errors.open("w") as errors:
            self.process = subprocess.Popen(up, stdout=output, stderr=errors, cwd=parts.REPOSITORY)

    def ready(self, within: float = READY_WITHIN) -> Ready:
        """Waits until everything answers."""
        until(self._is_ready, within=within, what="the ready file")
        found = json.loads(self._ready_file.read_text())
        return Ready(**{name: found[name] for name in Ready.__dataclass_fields__})

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"the platform ended at once:\n{self.errors.read_text()}"
        return self._ready_file.exists()

    def printed(self, pattern: str) -> str:
        """Waits until it has printed text that matches a regular expression."""
        found = until(lambda: re.search(pattern, self._output.read_text()), within=5, what=f"{pattern} on the screen")
        return found.group()

    def sign_in_link(self) -> str:
        """The one-time link that it prints."""
        return self.printed(r"\S+/login/link/\S+")

    def home(self, user: str) -> Path:
        """Where a user's files are."""
        return self.state / "homes" / user

    def runtime(self) -> Path:
        """Where sockets of labs are, and the list of those that run."""
        name = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:8]
        return Path(tempfile.gettempdir()) / f"nearside-{os.getuid()}-{name}"

    def kill(self) -> None:
        """Ends the main process as a crash would, and nothing else."""
        self.process.kill()
        self.process.wait()

    def again(self) -> PlatformProcess:
        """The same platform started again after its end, on the same ports."""
        was = json.loads(self._ready_file.read_text())
        options = {"--port": "gateway_url", "--flight-port": "flight_url", "--vo-port": "vo_url"}
        ports = [text for option, url in options.items() for text in (option, str(urlsplit(was[url]).port))]
        return PlatformProcess(self.state, self._data, *self._options, ports=ports)

    def stop(self) -> None:
        """Asks it to end, and expects that all of it has ended in time."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {STOP_WITHIN} s after SIGTERM") from None
        assert self.lab_processes() == {}, "processes of labs are left"

    def lab_processes(self) -> dict[int, str]:
        """Living processes of labs of this state directory: pid and command line."""
        pids = map(int, filter(str.isdigit, os.listdir("/proc")))
        return {pid: _command_line(pid) for pid in pids if self._is_of_a_lab(pid)}

    def _is_of_a_lab(self, pid: int) -> bool:
        variables = _read(f"/proc/{pid}/environ").split(b"\0")
        ours = f"HOME={self.state}/".encode()
        return any(v.startswith(MARK) for v in variables) and any(v.startswith(ours) for v in variables)


def _command_line(pid: int) -> str:
    return _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
