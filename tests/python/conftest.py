"""What the tests share: one running platform on the sample sky, and its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nearside
import parts
import pytest
from notebook_page import BROWSER, WINDOW
from platform_process import PlatformProcess, Ready
from playwright.sync_api import Page, sync_playwright

Start = Callable[..., PlatformProcess]

@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts platforms: ``start(data, *options)``. Those still running at the end are stopped and checked."""
    running: list[PlatformProcess] = []

    def start(data: Path, *options: str, state: Path | None = None) -> PlatformProcess:
        # Its parent is resolved: processes are recognised by this path.
        state = state or tmp_path_factory.mktemp("platform").resolve() / "state"
        running.append(PlatformProcess(state, data, *options))
        return running[-1]

    yield start
    for platform in running:
        if platform.process.poll() is None:
            platform.stop()


@pytest.fixture(scope="session")
def platform(start: Start) -> PlatformProcess:
    """A platform on the sample sky, ready."""
    platform = start(parts.sample())
    platform.ready()
    return platform


@pytest.fixture(scope="session")
def ready(platform: PlatformProcess) -> Ready:
    """Where the shared platform answers, and a token."""
    return platform.ready()


@pytest.fixture
def sky(ready: Ready) -> Iterator[nearside.Connection]:
    """A connection to the shared platform's catalogue."""
    with nearside.connect(ready.flight_url, ready.token) as connection:
        yield connection


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """An empty page of a new browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=parts.chromium(), args=BROWSER, viewport=WINDOW
        )
        yield browser.pages[0]
        browser.close()
