"""Jobs when the server dies: what was announced is kept, and everything else is run again or says that it failed."""

from __future__ import annotations

from pathlib import Path

import parts
import requests
from conftest import Start
from platform_process import Ready
from waiting import until

JOBS = 50
ROWS = 20_000
QUERY = f"SELECT TOP {ROWS} source_id, ra, dec FROM gaiadr3.gaia_source"
PHASES = {"PENDING", "QUEUED", "EXECUTING", "COMPLETED", "ERROR", "ABORTED"}


class Jobs:
    """The jobs of one person on one run of the platform."""

    def __init__(self, ready: Ready) -> None:
        self._url = f"{ready.vo_url}/tap-server/tap/async"
        self._client = requests.Session()
        self._client.headers["Authorization"] = f"Bearer {ready.token}"

    def create(self) -> str:
        asked = {"QUERY": QUERY, "FORMAT": "csv", "PHASE": "RUN"}
        answer = self._client.post(self._url, asked, timeout=30, allow_redirects=False)
        assert answer.status_code == 303
        return answer.headers["Location"].rpartition("/")[2]

    def phase(self, job: str) -> str:
        phase = self._client.get(f"{self._url}/{job}/phase", timeout=30).text
        assert phase in PHASES
        return phase

    def rows(self, job: str) -> int:
        answer = self._client.get(f"{self._url}/{job}/results/result", timeout=30)
        assert answer.ok
        return len(answer.text.splitlines()) - 1


def test_fifty_jobs_survive_a_kill(start: Start, tmp_path: Path) -> None:
    state = tmp_path.resolve() / "state"
    platform = start(parts.sample(), state=state)
    jobs = Jobs(platform.ready())
    created = [jobs.create() for _ in range(JOBS)]
    until(lambda: "COMPLETED" in map(jobs.phase, created), within=60, what="the first result")
    phases = {job: jobs.phase(job) for job in created}
    assert set(phases.values()) & {"QUEUED", "EXECUTING"}, "all were done before the kill"
    platform.kill()

    jobs = Jobs(start(parts.sample(), state=state).ready())
    announced = [job for job, phase in phases.items() if phase == "COMPLETED"]
    assert [jobs.phase(job) for job in announced] == ["COMPLETED"] * len(announced)
    done = until(
        lambda: all(jobs.phase(job) == "COMPLETED" for job in created), within=120, what="the jobs that were killed"
    )
    assert done
    assert [jobs.rows(job) for job in created] == [ROWS] * JOBS
