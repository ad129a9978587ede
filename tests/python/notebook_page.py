"""A notebook in JupyterLab, as a person handles it in a browser."""

from __future__ import annotations

from pathlib import Path

import nbformat
import parts
from playwright.sync_api import Locator, Page, expect

MINUTE = 60_000
PLEIADES = "01-pleiades.ipynb"
BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WINDOW = {"width": 1400, "height": 900}
# What JupyterLab shows for a cell that failed.
ERROR = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'


def await_lab(page: Page) -> None:
    """Waits from the sign-in or the progress page until JupyterLab is there."""
    page.wait_for_url("**/user/*/lab**", timeout=2 * MINUTE)
    expect(page.locator("#jp-top-panel")).to_be_visible(timeout=MINUTE)


def open_notebook(page: Page, *path: str) -> None:
    """Opens a notebook as a person does, in the file browser, and waits for its kernel."""
    files = page.locator(".jp-DirListing-content")
    for name in path:
        files.get_by_text(name, exact=True).dblclick(timeout=MINUTE)
    expect(page.locator(".jp-NotebookPanel:visible .jp-CodeCell").first).to_be_visible(timeout=MINUTE)
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle", timeout=MINUTE)


def upload(page: Page, file: Path) -> None:
    """Puts a file of this machine into the folder that is shown."""
    with page.expect_file_chooser() as chooser:
        page.get_by_title("Upload Files", exact=False).first.click()
    chooser.value.set_files(file)


def run_all(page: Page) -> None:
    """Runs the open notebook, Pleiades' one, and waits until all its cells have run, none with an error."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect_results(page)


def expect_results(page: Page) -> Locator:
    """Expects that each cell of the open notebook has run, and gives the figure that it has drawn."""
    notebook = page.locator(".jp-NotebookPanel:visible")
    prompts = notebook.locator(".jp-CodeCell .jp-InputArea-prompt")
    cells = nbformat.read(parts.NOTEBOOKS / PLEIADES, as_version=4).cells
    numbers = range(1, 1 + sum(cell.cell_type == "code" for cell in cells))
    expect(prompts).to_have_text([f"[{number}]:" for number in numbers], timeout=2 * MINUTE)
    expect(notebook.locator(ERROR)).to_have_count(0)
    figure = notebook.locator(".jp-OutputArea-output img").first
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.complete && image.naturalWidth") > 1000
    return figure
