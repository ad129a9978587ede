"""A gateway that is killed in the middle of output takes no kernel with it, and clients miss and double nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import nearside
import parts
import pytest
import requests
import websocket
from lab_client import Channels, Lab, started_lab
from platform_process import PlatformProcess
from waiting import until

# A thousand kills take half an hour: `NEARSIDE_GATEWAY_KILLS=1000`.
KILLS = int(os.environ.get("NEARSIDE_GATEWAY_KILLS", "6"))
KILLS_PER_OUTPUT = 6
FRAMES = 10_000
RESUMED_WITHIN = 5.0
FLOOD = f"""from IPython.display import publish_display_data
for i in range({FRAMES}): publish_display_data({{'text/plain': str(i)}})"""
BROKEN = (websocket.WebSocketException, ConnectionError, requests.RequestException, OSError)


class Client:
    """A client that comes back with its cursor whenever its connection breaks."""

    def __init__(self, lab: Lab, kernel: str):
        self._lab, self._kernel = lab, kernel
        self._channels = lab.channels(kernel, cursor="latest")
        self._cursor: int | str = "latest"
        self._broke_at = 0.0
        self.absences: list[float] = []

    def ask(self, code: str) -> str:
        """Asks over a new connection: what is said to a gateway that is dead, and not known to be, is lost."""
        self._channels = until(self._connected, within=RESUMED_WITHIN, what="the gateway")
        return self._channels.ask(code)

    def _connected(self) -> Channels | None:
        try:
            return self._lab.channels(self._kernel, cursor=self._cursor)
        except BROKEN:
            return None

    def outputs(self, request: str) -> Iterator[str]:
        """What a request shows, until the kernel is idle."""
        while True:
            message = self._next()
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["header"]["msg_type"] == "display_data":
                yield message["content"]["data"]["text/plain"]
            elif message["content"].get("execution_state") == "idle":
                return

    def _next(self) -> dict:
        while True:
            try:
                message = self._channels.receive()
            except BROKEN:
                self._broke_at = self._broke_at or time.monotonic()
                self._channels = until(self._connected, within=RESUMED_WITHIN, what="the gateway")
                continue
            if self._broke_at:
                self.absences.append(time.monotonic() - self._broke_at)
                self._broke_at = 0.0
            self._cursor = message["metadata"]["nearside_sequence"]
            return message


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[list[PlatformProcess]]:
    """A platform, and those that follow it; the last one is stopped."""
    runs = [PlatformProcess(tmp_path.resolve() / "state", parts.sample())]
    yield runs
    if runs[-1].process.poll() is None:
        runs[-1].stop()


def kill_and_start(platform: list[PlatformProcess]) -> None:
    platform[-1].kill()
    platform.append(platform[-1].again())


def test_a_killed_gateway_loses_doubles_and_reorders_nothing(platform: list[PlatformProcess]) -> None:
    lab = started_lab(platform[0].ready())
    client = Client(lab, lab.start_kernel())
    kills, every = 0, FRAMES // KILLS_PER_OUTPUT
    while kills < KILLS:
        shown = []
        for number in client.outputs(client.ask(FLOOD)):
            shown.append(number)
            if len(shown) % every == every // 2 and kills < KILLS:
                platform[-1].ready()
                kill_and_start(platform)
                kills += 1
        assert shown == [str(i) for i in range(FRAMES)], f"after {kills} kills"
    print(f"{kills} kills; resumed after {max(client.absences):.2f} s at most")
    assert client.absences
    assert max(client.absences) < RESUMED_WITHIN, client.absences


def test_kernels_sessions_and_logins_outlive_the_gateway_and_a_clean_stop_ends_them(
    platform: list[PlatformProcess],
) -> None:
    ready = platform[0].ready()
    lab = started_lab(ready)
    wish = {"path": "a.ipynb", "name": "a", "type": "notebook", "kernel": {"name": "python3"}}
    session = lab.post("api/sessions", wish).json()
    kernel = session["kernel"]["id"]
    assert lab.channels(kernel).execute("x = 'M45'").status == "ok"
    before = platform[0].lab_processes()

    kill_and_start(platform)
    ready = platform[-1].ready()

    until(lab.answers, within=10, what="the lab behind the new gateway")
    assert before.keys() <= platform[-1].lab_processes().keys()
    assert [found["id"] for found in lab.get("api/sessions").json()] == [session["id"]]
    cell = "import nearside; x, len(nearside.connect().sql('SELECT ra FROM gaiadr3.gaia_source LIMIT 7'))"
    assert lab.channels(kernel).execute(cell).text == "('M45', 7)"
    platform[-1].stop()
    with pytest.raises(nearside.Unreachable), nearside.connect(ready.flight_url, ready.token) as sky:
        sky.tables()


def test_a_lab_that_cannot_be_told_from_another_process_is_not_taken_over(platform: list[PlatformProcess]) -> None:
    lab = started_lab(platform[0].ready())
    old = lab.start_kernel()
    labs = platform[0].runtime() / "labs.json"
    platform[0].kill()
    records = json.loads(labs.read_text())
    records[0]["start_time_ticks"] += 1
    labs.write_text(json.dumps(records))
    before = platform[0].lab_processes()
    platform.append(platform[0].again())

    started_lab(platform[-1].ready())

    assert not before.keys() & platform[-1].lab_processes().keys()
    assert old not in [kernel["id"] for kernel in lab.get("api/kernels").json()]
