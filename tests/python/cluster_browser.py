"""A person at a Nearside that runs on a cluster, in a real browser. The checks of the cluster call it, a step at a time:

    python cluster_browser.py http://labs.test 198.51.100.7 maria PASSWORD PICTURE draw
    python cluster_browser.py http://labs.test 198.51.100.7 maria PASSWORD PICTURE find

``draw`` signs in, puts the notebook of the Pleiades into the home, runs it and saves it. ``find`` signs in and expects the
notebook as it was saved. The site's name stands for the address; where a step fails, what is seen then is saved as PICTURE.
"""

from __future__ import annotations

import sys
import tempfile
from urllib.parse import urlsplit

import parts
from notebook_page import (
    BROWSER,
    ERROR,
    MINUTE,
    PLEIADES,
    WINDOW,
    await_lab,
    expect_results,
    open_notebook,
    run_all,
    upload,
)
from playwright.sync_api import Page, expect, sync_playwright


def sign_in(page: Page, site: str, name: str, password: str) -> None:
    """Fills in the form, and waits behind it until the lab is there."""
    page.goto(f"{site}/lab", timeout=MINUTE)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    await_lab(page)


def draw(page: Page) -> None:
    """Runs the notebook of the Pleiades, which fails by itself where the sky is wrong, and saves it."""
    upload(page, parts.NOTEBOOKS / PLEIADES)
    open_notebook(page, PLEIADES)
    run_all(page)
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty")).to_have_count(0, timeout=MINUTE)


def find(page: Page) -> None:
    """Expects what was saved."""
    if page.locator(".jp-NotebookPanel:visible").count() == 0:
        open_notebook(page, PLEIADES)
    expect_results(page)


def main(site: str, address: str, name: str, password: str, picture: str, step: str) -> None:
    rule = f"--host-resolver-rules=MAP {urlsplit(site).hostname} {address}"
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=parts.chromium(), args=[*BROWSER, rule], viewport=WINDOW
        )
        page = browser.pages[0]
        page.on("dialog", lambda dialog: dialog.accept())
        try:
            sign_in(page, site, name, password)
            {"draw": draw, "find": find}[step](page)
        except BaseException:
            page.screenshot(path=picture)
            print(*page.locator(ERROR).all_inner_texts(), sep="\n", file=sys.stderr)
            raise
        finally:
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
