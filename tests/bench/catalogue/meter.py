"""What a process has used: processor time, bytes read, and the wall clock beside them.

The processor clock of another process is POSIX's (`clock_getcpuclockid`): nanoseconds of all its threads, ended
ones too. Bytes are what it asked the kernel for (`rchar`), from the page cache or the disk; a mapped file does not
count, and a page in a server's own buffer does not either.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

CPUCLOCK_SCHED = 2


def cpu_seconds(pid: int) -> float:
    """Processor time of a process since its start."""
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)


def bytes_read(pid: int) -> int:
    """Bytes that a process has read since its start."""
    return _number(pid, "io", "rchar:")


def bytes_written(pid: int) -> int:
    """Bytes that a process has written since its start."""
    return _number(pid, "io", "wchar:")


def resident_bytes(pid: int) -> int:
    """Memory that a process has now."""
    return _number(pid, "status", "VmRSS:") * 1024


def peak_bytes(pid: int) -> int:
    """The most memory that a process has had."""
    return _number(pid, "status", "VmHWM:") * 1024


def _number(pid: int, file: str, key: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    raise KeyError(f"{key} in /proc/{pid}/{file}")


@dataclass(frozen=True)
class Cost:
    """What one piece of work took."""

    cpu_s: float
    wall_s: float
    read_bytes: int


class Meter:
    """Measures a piece of work that the process ``pid`` does while this one waits."""

    def __init__(self, pid: int):
        self._pid = pid

    def __enter__(self) -> Meter:
        self._began = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        cpu, wall, read = (end - begin for begin, end in zip(self._began, self._now(), strict=True))
        self.cost = Cost(cpu, wall, read)

    def _now(self) -> tuple[float, float, int]:
        return cpu_seconds(self._pid), time.perf_counter(), bytes_read(self._pid)
