"""The main job in a real browser: sign in by the link, open the notebook, run it, see the Pleiades."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import parts
from platform_process import PlatformProcess
from playwright.sync_api import Locator, Page, expect

MINUTE = 60_000
NOTEBOOK = "01-pleiades.ipynb"
# What JupyterLab shows for a cell that failed.
ERROR = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'


def test_a_stranger_signs_in_and_draws_the_pleiades(page: Page, platform: PlatformProcess) -> None:
    page.goto(platform.sign_in_link())
    page.wait_for_url("**/user/*/lab**", timeout=2 * MINUTE)
    expect(page.locator("#jp-top-panel")).to_be_visible(timeout=MINUTE)

    open_notebook(page, "notebooks", NOTEBOOK)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    notebook = page.locator(".jp-NotebookPanel:visible")
    prompts = notebook.locator(".jp-CodeCell .jp-InputArea-prompt")
    cells = nbformat.read(parts.NOTEBOOKS / NOTEBOOK, as_version=4).cells
    numbers = range(1, 1 + sum(cell.cell_type == "code" for cell in cells))
    expect(prompts).to_have_text([f"[{number}]:" for number in numbers], timeout=2 * MINUTE)
    expect(notebook.locator(ERROR)).to_have_count(0)
    figure = notebook.locator(".jp-OutputArea-output img").first
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.complete && image.naturalWidth") > 1000

    take_picture(page, figure)


def open_notebook(page: Page, folder: str, name: str) -> None:
    """Opens a notebook as a person does, in the file browser, and waits for its kernel."""
    files = page.locator(".jp-DirListing-content")
    files.get_by_text(folder, exact=True).dblclick(timeout=MINUTE)
    files.get_by_text(name, exact=True).dblclick()
    expect(page.locator(".jp-NotebookPanel:visible .jp-CodeCell").first).to_be_visible(timeout=MINUTE)
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle", timeout=MINUTE)


def take_picture(page: Page, figure: Locator) -> None:
    """The picture for the README, where NEARSIDE_SCREENSHOT says where to put it."""
    place = os.environ.get("NEARSIDE_SCREENSHOT")
    if place:
        figure.evaluate("image => image.scrollIntoView({block: 'end'})")
        page.screenshot(path=place)
