"""Reloading a page, or losing the agent, in the middle of a cell's output: all of it is shown, once and in order."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import nbformat
import parts
from conftest import Start
from lab_client import started_lab
from notebook_page import MINUTE
from platform_process import PlatformProcess, Ready
from playwright.sync_api import Locator, Page, expect
from waiting import until

FRAMES = 1500
RELOADED = "reloaded"
CODE = f"""import time
from pathlib import Path
for i in range({FRAMES}):
    while i == {FRAMES // 2} and not Path("{RELOADED}").exists():
        time.sleep(0.05)
    print(f"frame {{i}}.", flush=True)
    time.sleep(0.02)
"""
WHOLE = "".join(f"frame {i}.\n" for i in range(FRAMES))
NOTEBOOK = "reload.ipynb"
METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}


def test_a_reload_and_a_killed_agent_in_the_middle_of_output_lose_and_double_nothing(
    page: Page, start: Start
) -> None:
    # One of its own, whose sign-in link nobody has used.
    platform = start(parts.sample())
    ready = platform.ready()
    started_lab(ready)
    file = platform.home(ready.user) / NOTEBOOK
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)], metadata=METADATA), file)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(platform.sign_in_link())
    page.wait_for_url("**/user/*/lab**", timeout=2 * MINUTE)
    open_notebook(page, ready)
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle", timeout=MINUTE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(output(page)).to_contain_text("frame 50.", timeout=MINUTE)

    open_notebook(page, ready)
    expect(output(page)).to_contain_text("frame 0.", timeout=MINUTE)
    (platform.home(ready.user) / RELOADED).touch()
    expect(output(page)).to_contain_text(f"frame {FRAMES // 2}.", timeout=MINUTE)
    kill_agent(platform)

    expect(output(page)).to_contain_text(f"frame {FRAMES - 1}.", timeout=MINUTE)
    assert output(page).inner_text().split() == WHOLE.split()
    page.keyboard.press("Control+s")
    until(lambda: saved(file) == WHOLE, within=30, what="the whole output in the saved notebook")


def open_notebook(page: Page, ready: Ready) -> None:
    """Opens the notebook in a page that is loaded anew."""
    page.goto(f"{ready.gateway_url}/user/{ready.user}/lab/tree/{NOTEBOOK}")
    expect(page.locator(".jp-NotebookPanel:visible .jp-CodeCell").first).to_be_visible(timeout=2 * MINUTE)


def output(page: Page) -> Locator:
    """What the cell shows."""
    return page.locator(".jp-NotebookPanel:visible .jp-CodeCell .jp-OutputArea").first


def kill_agent(platform: PlatformProcess) -> None:
    """Kills the process that answers requests; kernels and their keepers are others."""
    agents = [pid for pid, command in platform.lab_processes().items() if " serve --config " in command]
    assert len(agents) == 1, agents
    os.kill(agents[0], signal.SIGKILL)


def saved(file: Path) -> str:
    """What the saved notebook says that the cell printed."""
    if not file.stat().st_size:
        return ""  # It is being written.
    [cell] = nbformat.read(file, as_version=4).cells
    return "".join(out.text for out in cell.outputs)
