"""The main job in a real browser: sign in by the link, open the notebook, run it, see the Pleiades."""

from __future__ import annotations

import os

from notebook_page import PLEIADES, await_lab, expect_results, open_notebook, run_all
from platform_process import PlatformProcess
from playwright.sync_api import Locator, Page


def test_a_stranger_signs_in_and_draws_the_pleiades(page: Page, platform: PlatformProcess) -> None:
    page.goto(platform.sign_in_link())
    await_lab(page)
    open_notebook(page, "notebooks", PLEIADES)
    run_all(page)
    take_picture(page, expect_results(page))


def take_picture(page: Page, figure: Locator) -> None:
    """The picture for the README, where NEARSIDE_SCREENSHOT says where to put it."""
    place = os.environ.get("NEARSIDE_SCREENSHOT")
    if place:
        figure.evaluate("image => image.scrollIntoView({block: 'end'})")
        page.screenshot(path=place)
