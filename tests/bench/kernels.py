"""What lies between a cell and its kernel: ours, a kernel on its bare sockets, and a stock Jupyter server.

Ours is the whole way: gateway, agent, keeper with its journal, kernel. All run the same Python and take turns, so that
what else the machine does falls on each. Seconds are wall clock as a client sees them.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import figures
import sample
from figures import Figure
from jupyter_client import BlockingKernelClient, KernelManager
from lab_client import Channels, Lab, started_lab
from platform_process import PlatformProcess
from stock import jupyter_server
from waiting import until

ROUNDS = 5
CELLS = 60
FRAMES = 20_000
STARTS = 5
# A stock server drops output that comes fast; ours does not.
UNLIMITED = "--ZMQChannelsWebsocketConnection.limit_rate=False"
FLOOD = f"""from IPython.display import publish_display_data
for i in range({FRAMES}): publish_display_data({{'text/plain': str(i)}})"""

Message = dict[str, Any]


class Direct:
    """A kernel on its own Unix sockets."""

    def __init__(self, client: BlockingKernelClient):
        self._client = client

    def outputs(self, code: str) -> list[Message]:
        """Runs ``code`` until the kernel has replied and is idle; its broadcasts."""
        request = self._client.execute(code)
        broadcasts = []
        while not _is_end(request, broadcasts):
            broadcasts.append(self._client.get_iopub_msg(timeout=60))
        self._client.get_shell_msg(timeout=60)
        return broadcasts


class ByWebSocket:
    """A kernel behind a server."""

    def __init__(self, channels: Channels):
        self._channels = channels

    def outputs(self, code: str) -> list[Message]:
        """Runs ``code`` until the kernel has replied and is idle; its broadcasts."""
        request = self._channels.ask(code)
        broadcasts, replied = [], False
        while not (replied and _is_end(request, broadcasts)):
            message = self._channels.receive()
            if message["channel"] == "iopub":
                broadcasts.append(message)
            replied = replied or message["parent_header"].get("msg_id") == request and message["channel"] == "shell"
        return broadcasts


def _is_end(request: str, broadcasts: list[Message]) -> bool:
    last = broadcasts[-1] if broadcasts else None
    return (
        last is not None
        and last["parent_header"].get("msg_id") == request
        and last["content"].get("execution_state") == "idle"
    )


def main() -> None:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        platform = stack.enter_context(running_platform(directory))
        ours = started_lab(platform.ready())
        stock = stack.enter_context(jupyter_server(directory / "stock", UNLIMITED))
        until(lambda: ours.get("api/nearside/status").json()["warm_python"], within=120, what="a warm Python")
        starts = new_kernels(ours, stock)
        ways = {
            "ours": ByWebSocket(ours.channels(ours.start_kernel())),
            "direct": Direct(stack.enter_context(kernel())),
            "stock": ByWebSocket(stock.channels(stock.start_kernel())),
        }
        trips = {name: sorted(seconds) for name, seconds in in_turns(ways, round_trips).items()}
        floods = in_turns(ways, flood)
    figures.report([*start_figures(starts), *trip_figures(trips), *flood_figures(floods)])


def in_turns(ways: dict[str, Any], measure: Callable[[Any], list[float]]) -> dict[str, list[float]]:
    """Measures each way, again and again; a first round is not counted."""
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for round in range(ROUNDS + 1):
        for name, way in ways.items():
            values = measure(way)
            if round > 0:
                measured[name] += values
            print(f"{measure.__name__} {round} {name}: {statistics.median(values):.4f}", flush=True)
    return measured


def round_trips(way: Direct | ByWebSocket) -> list[float]:
    """Seconds of small cells."""
    return [_seconds(lambda: way.outputs("1")) for _ in range(CELLS)]


def flood(way: Direct | ByWebSocket) -> list[float]:
    """Messages a second; nothing may be missing."""
    broadcasts: list[Message] = []
    seconds = _seconds(lambda: broadcasts.extend(way.outputs(FLOOD)))
    numbers = [int(m["content"]["data"]["text/plain"]) for m in broadcasts if m["header"]["msg_type"] == "display_data"]
    if isinstance(way, ByWebSocket) or len(numbers) == FRAMES:
        assert numbers == list(range(FRAMES)), f"{len(numbers)} of {FRAMES} messages arrived"
    return [len(numbers) / seconds]


def new_kernels(ours: Lab, stock: Lab) -> dict[str, list[float]]:
    """Seconds from the wish for a kernel to its first reply."""
    measured: dict[str, list[float]] = {"ours": [], "stock": []}
    for _ in range(STARTS):
        for name, lab in (("ours", ours), ("stock", stock)):
            kernels: list[str] = []
            measured[name].append(_seconds(lambda lab=lab, kernels=kernels: first_cell(lab, kernels)))
            assert lab.delete(f"api/kernels/{kernels[0]}").ok
    return measured


def first_cell(lab: Lab, kernels: list[str]) -> None:
    """Starts a kernel, notes its id and runs a cell."""
    kernels.append(lab.start_kernel())
    ByWebSocket(lab.channels(kernels[0])).outputs("1")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def start_figures(starts: dict[str, list[float]]) -> list[Figure]:
    ours, stock = (statistics.median(starts[name]) * 1000 for name in ("ours", "stock"))
    return [_figure("new Python kernel to its first cell", ours, "ms", "jupyter_server", stock, 150)]


def trip_figures(trips: dict[str, list[float]]) -> list[Figure]:
    rows = []
    for percent, more_ms in ((50, 1), (99, 5)):
        ours, direct, stock = (_percentile(trips[n], percent) * 1000 for n in ("ours", "direct", "stock"))
        rows.append(_figure(f"round trip of a cell, p{percent}", ours, "ms", "direct ZeroMQ", direct, direct + more_ms))
        rows.append(_figure(f"round trip of a cell, p{percent}", ours, "ms", "jupyter_server", stock, stock / 5))
    return rows


def flood_figures(floods: dict[str, list[float]]) -> list[Figure]:
    ours, direct, stock = (statistics.median(floods[name]) for name in ("ours", "direct", "stock"))
    name = f"flood of {FRAMES} messages"
    rows = []
    for peer, value, least in (("direct ZeroMQ", direct, 0.9), ("jupyter_server", stock, 1.0)):
        ratio = ours / value
        bar = f">= {least}"
        rows.append(Figure(name, round(ours), "1/s", peer, round(value), round(ratio, 2), bar, ratio >= least))
    return rows


def _figure(name: str, value: float, unit: str, peer: str, peer_value: float, limit: float) -> Figure:
    bar, ratio = f"<= {limit:.1f} {unit}", value / peer_value
    return Figure(name, round(value, 2), unit, peer, round(peer_value, 2), round(ratio, 2), bar, value <= limit)


def _percentile(ordered: list[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


@contextlib.contextmanager
def running_platform(directory: Path) -> Iterator[PlatformProcess]:
    platform = PlatformProcess(directory / "state", sample.sample_sky(directory))
    try:
        yield platform
    finally:
        platform.stop()


@contextlib.contextmanager
def kernel() -> Iterator[BlockingKernelClient]:
    manager = KernelManager(transport="ipc")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
