"""The catalogue's page in a real browser: a query with completion, its rows and plot, a job, an error with its place."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import parts
import pytest
from conftest import Start
from platform_process import PlatformProcess, Ready
from playwright.sync_api import Page, expect

MINUTE = 60_000
QUERY = "SELECT TOP 7 source_id, ra, dec FROM gaiadr3.gaia_source"
ROWS = "#rows tbody tr"


@pytest.fixture
def catalogue(page: Page, ready: Ready) -> Page:
    """The page with the tables read; whatever its script complains of fails the test."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(ready.vo_url)
    assert "script-src 'self';" in answer.header_value("content-security-policy")
    expect(page.locator("#tables-state")).to_contain_text("columns", timeout=MINUTE)
    yield page
    assert complaints == []


def test_a_query_is_written_with_completion_and_run_by_keyboard_alone(catalogue: Page) -> None:
    press = catalogue.keyboard.press
    press("Tab")
    expect(catalogue.get_by_role("link", name="Skip to the query")).to_be_focused()
    press("Enter")
    expect(catalogue.locator("#query")).to_be_focused()
    catalogue.keyboard.type("SELECT TOP 7 source_id, phot_g_mean_mag FROM gaiadr3.gai")
    expect(catalogue.locator("#suggestions li").first).to_contain_text("gaiadr3.gaia_source")
    press("Tab")
    catalogue.keyboard.type(" AS s WHERE s.phot_g")
    expect(catalogue.locator("#suggestions li").first).to_contain_text("phot_g_mean_mag")
    press("ArrowDown")
    press("Enter")
    catalogue.keyboard.type(" < 15 AND 1 = conta")
    expect(catalogue.locator("#suggestions li").first).to_contain_text("CONTAINS(")
    press("Tab")
    catalogue.keyboard.type("POINT(ra, dec), CIRCLE(56.75, 24.12, 3))")
    press("Escape")
    written = catalogue.locator("#query").input_value()
    assert written == (
        "SELECT TOP 7 source_id, phot_g_mean_mag FROM gaiadr3.gaia_source AS s WHERE s.phot_g_mean_mag < 15 "
        "AND 1 = CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, 3))"
    )
    press("Control+Enter")
    expect(catalogue.locator(ROWS)).to_have_count(7, timeout=MINUTE)
    assert all(float(mag) < 15 for mag in catalogue.locator(f"{ROWS} td:nth-child(2)").all_inner_texts())
    expect(catalogue.locator("#query")).to_be_focused()


def test_two_columns_are_a_scatter_plot_and_one_is_a_histogram(catalogue: Page) -> None:
    catalogue.get_by_label("Example").select_option("Stars around the Pleiades")
    catalogue.get_by_role("button", name="Run", exact=True).click()
    expect(catalogue.get_by_role("img", name="dec against ra")).to_be_visible(timeout=MINUTE)
    told = catalogue.locator("#result-state").inner_text()
    rows = re.match(r"[\d,]+", told).group()
    path = catalogue.locator("#plot .dots").get_attribute("d")
    assert path.count("M") == int(rows.replace(",", "")), told
    catalogue.get_by_label("Across").select_option("phot_g_mean_mag")
    catalogue.get_by_label("Up", exact=True).select_option("count")
    expect(catalogue.get_by_role("img", name=f"histogram of phot_g_mean_mag, {rows} values")).to_be_visible()
    assert catalogue.locator("#plot .bars rect").count() == 40


def test_an_error_is_told_and_its_place_is_marked_in_the_query(catalogue: Page) -> None:
    catalogue.locator("#query").fill("SELECT source_id,\n  brightness FROM gaiadr3.gaia_source")
    catalogue.keyboard.press("Control+Enter")
    problem = catalogue.get_by_role("alert")
    expect(problem).to_contain_text("line 2, column 3: no such column brightness", timeout=MINUTE)
    selected = "(area) => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert catalogue.locator("#query").evaluate(selected) == "brightness"
    expect(catalogue.locator("#query")).to_have_attribute("aria-invalid", "true")
    catalogue.keyboard.type("dec")
    expect(problem).to_be_hidden()
    catalogue.keyboard.press("Escape")


def test_tables_are_found_by_what_their_columns_mean(catalogue: Page) -> None:
    catalogue.get_by_label("Find a table or column").fill("proper motion in right ascension")
    column = catalogue.locator(".columns li", has_text="pmra").first
    expect(column).to_contain_text("mas.yr**-1")
    expect(column).to_contain_text("pos.pm")
    column.get_by_role("button", name="pmra").first.click()
    assert "pmra" in catalogue.locator("#query").input_value()


def test_a_job_of_whoever_is_signed_in_is_shown_kept_as_a_table_and_deleted(catalogue: Page, ready: Ready) -> None:
    catalogue.get_by_role("button", name="Sign in").click()
    catalogue.get_by_label("Name", exact=True).fill(ready.user)
    catalogue.get_by_label("Password, or an access token").fill("a wrong one")
    sign_in = catalogue.locator("#sign-form").get_by_role("button", name="Sign in")
    sign_in.click()
    expect(catalogue.locator("#sign-problem")).to_contain_text("the name or the password is wrong")
    catalogue.get_by_label("Password, or an access token").fill(ready.token)
    sign_in.click()
    expect(catalogue.locator("#who")).to_have_text(f"Signed in as {ready.user}")
    catalogue.locator("#query").fill(QUERY)
    catalogue.get_by_role("button", name="Run as a job").click()
    job = catalogue.locator("#jobs tbody tr", has_text=QUERY).first
    expect(job).to_contain_text("COMPLETED", timeout=MINUTE)
    job.get_by_role("button", name="Show").click()
    expect(catalogue.locator(ROWS)).to_have_count(7, timeout=MINUTE)
    catalogue.once("dialog", lambda dialog: dialog.accept("seven"))
    job.get_by_role("button", name="Save").click()
    expect(catalogue.locator("#jobs-told")).to_contain_text(f"user_{ready.user}.seven has 7 rows", timeout=MINUTE)
    expect(catalogue.locator(".table summary", has_text="seven")).to_be_attached()
    name = job.get_attribute("data-job")
    job.get_by_role("button", name="Delete").click()
    expect(catalogue.locator(f'[data-job="{name}"]')).to_have_count(0)
    catalogue.get_by_role("button", name="Sign out").click()
    expect(catalogue.locator("#who")).to_have_text("Not signed in")


def test_a_dropped_file_is_a_table_of_the_query_and_the_answer_a_file(catalogue: Page) -> None:
    drop = """(zone) => {
      const data = new DataTransfer();
      data.items.add(new File(['id,note\\n5283950293847562000,"a, ""b"" <i>"\\n2,\\n'], "My stars.csv"));
      zone.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    catalogue.locator("#drop").evaluate(drop)
    expect(catalogue.locator("#query")).to_have_value("SELECT *\nFROM tap_upload.my_stars")
    catalogue.get_by_role("button", name="Run", exact=True).click()
    expect(catalogue.locator(f"{ROWS} td")).to_have_text(["5283950293847562000", 'a, "b" <i>', "2", "–"], timeout=MINUTE)
    catalogue.get_by_label("Format").select_option("CSV")
    with catalogue.expect_download() as download:
        catalogue.get_by_role("button", name="Download").click()
    assert Path(download.value.path()).read_text() == 'id,note\n5283950293847562000,"a, ""b"" <i>"\n2,\n'


def test_dark_readers_get_a_dark_page_with_enough_contrast(catalogue: Page) -> None:
    contrasts = {}
    for scheme in ("light", "dark"):
        catalogue.emulate_media(color_scheme=scheme)
        ground, ink, quiet, accent, problem = (colour(catalogue, name) for name in ("ground", "ink", "quiet", "accent", "problem"))
        contrasts[scheme] = [contrast(ground, other) for other in (ink, quiet, accent, problem)]
        assert (luminance(ground) < 0.1) == (scheme == "dark")
    # WCAG 2.2, success criterion 1.4.3, level AA.
    assert all(ratio >= 4.5 for ratios in contrasts.values() for ratio in ratios), contrasts


def test_the_code_for_other_clients_asks_the_same(catalogue: Page, ready: Ready) -> None:
    catalogue.locator("#query").fill(QUERY)
    code = catalogue.locator("#code")
    for client in ("astroquery", "pyvo", "nearside"):
        catalogue.get_by_label("With").select_option(client)
        expect(code).to_contain_text({"nearside": "LIMIT 7"}.get(client, QUERY))
        expect(code).to_contain_text(f"import {client}" if client != "astroquery" else "from astroquery.gaia")
    catalogue.get_by_label("With").select_option("pyvo")
    expect(code).to_contain_text("pyvo.dal")
    found: dict[str, object] = {}
    exec(code.inner_text(), found)
    assert len(found["table"]) == 7


def test_a_query_becomes_a_notebook(page: Page, start: Start) -> None:
    platform: PlatformProcess = start(parts.sample())
    ready = platform.ready()
    page.goto(platform.sign_in_link())
    page.wait_for_url("**/user/*/lab**", timeout=2 * MINUTE)
    page.goto(f"{ready.gateway_url}/catalogue")
    page.locator("#query").fill(QUERY)
    page.get_by_label("With").select_option("nearside")
    expect(page.locator("#code")).to_contain_text("LIMIT 7", timeout=MINUTE)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open in a notebook").click()
    opened.value.get_by_role("button", name="Create the notebook").click()
    opened.value.wait_for_url("**/lab/tree/query-*.ipynb", timeout=2 * MINUTE)
    [file] = platform.home(ready.user).glob("query-*.ipynb")
    [cell] = nbformat.read(file, as_version=4).cells
    assert cell.source.startswith("import nearside\n")
    found: dict[str, object] = {}
    exec(cell.source.replace("connect()", f"connect({ready.flight_url!r}, {ready.token!r})"), found)
    assert len(found["table"]) == 7


def colour(page: Page, name: str) -> tuple[int, ...]:
    """A colour of the page, as red, green and blue from 0 to 255."""
    value = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}')").strip("# ")
    digits = value if len(value) == 6 else "".join(2 * digit for digit in value)
    return tuple(int(digits[place : place + 2], 16) for place in (0, 2, 4))


def luminance(rgb: tuple[int, ...]) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts_of_one = [part / 255 for part in rgb]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts_of_one]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """Contrast ratio (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
