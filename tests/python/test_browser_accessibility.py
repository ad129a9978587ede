"""Every page of the VO server for whoever uses a keyboard, a screen reader or dark colours (WCAG 2.2, level AA)."""

from __future__ import annotations

import pytest
from platform_process import Ready
from playwright.sync_api import Page, expect

MINUTE = 60_000
PAGES = ("/", "/usage", "/api")

# Every text that can be seen, with its colour and that of what is behind it, as red, green, blue from 0 to 255.
TEXTS = """() => {
  const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = rgba(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    // Drawings have their numbers in a table beside them; what is disabled is exempt.
    if (!text || !box.width || !box.height || element.closest("svg, :disabled, noscript, option")) continue;
    const [ink, ground] = [rgba(getComputedStyle(element).color).slice(0, 3), behind(element)];
    found.push([text.slice(0, 40), ink, ground]);
  }
  return found;
}"""

# Controls without a name, pictures without a text, and ids that two elements have.
NAMELESS = """() => {
  const named = (control) => control.labels?.length || control.getAttribute("aria-label")
    || document.getElementById(control.getAttribute("aria-labelledby")) || control.textContent.trim() || control.title;
  const controls = [...document.querySelectorAll("input, select, textarea, button, a[href], summary")];
  const pictures = [...document.querySelectorAll("img:not([alt]), svg[role=img]:not([aria-label])")];
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const seen = controls.filter((control) => control.checkVisibility());
  return [...seen.filter((control) => !named(control)), ...pictures].map((element) => element.outerHTML).concat(twice);
}"""


def opened(page: Page, ready: Ready, path: str) -> None:
    page.goto(f"{ready.vo_url}{path}")
    state = page.locator("#tables-state" if path == "/" else "#state")
    expect(state).not_to_contain_text("…", timeout=MINUTE)


def luminance(rgb: list[float]) -> float:
    """Relative luminance."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (of / 255 for of in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: list[float], second: list[float]) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_every_text_stands_out_from_what_is_behind_it(page: Page, ready: Ready, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, ready, path)
    page.locator("details").evaluate_all("(all) => all.slice(0, 3).forEach((one) => (one.open = true))")
    texts = page.evaluate(TEXTS)
    assert len(texts) > 5
    # Success criterion 1.4.3.
    weak = [(text, round(contrast(ink, ground), 2)) for text, ink, ground in texts if contrast(ink, ground) < 4.5]
    assert weak == []


@pytest.mark.parametrize("path", PAGES)
def test_every_control_and_picture_has_a_name_and_the_page_an_order(page: Page, ready: Ready, path: str) -> None:
    opened(page, ready, path)
    assert page.evaluate(NAMELESS) == []
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("main").count() == 1
    levels = [int(level) for level in page.locator("h1, h2, h3, h4").evaluate_all("(all) => all.map((one) => one.tagName[1])")]
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), levels


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(page: Page, ready: Ready, path: str) -> None:
    opened(page, ready, path)
    of_keyboard = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']"
    marked = "(all) => all.filter((one) => one.checkVisibility()).forEach((one) => (one.dataset.awaited = ''))"
    page.locator(of_keyboard).evaluate_all(marked)
    awaited = page.locator("[data-awaited]").count()
    assert awaited >= 1
    focused = """() => {
      const at = document.activeElement, style = getComputedStyle(at);
      at.dataset.reached = "";
      return [at.tagName, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
    }"""
    for _ in range(awaited + 20):
        page.keyboard.press("Tab")
        name, shown = page.evaluate(focused)
        # Success criterion 2.4.7.
        assert shown or name == "BODY", name
        if name == "TEXTAREA":
            page.keyboard.press("Escape")
    missed = page.locator("[data-awaited]:not([data-reached])")
    assert missed.evaluate_all("(all) => all.map((one) => one.outerHTML)") == []


def test_the_whole_way_from_signing_in_to_a_table_needs_no_mouse(page: Page, ready: Ready) -> None:
    opened(page, ready, "/")
    press = page.keyboard.press
    page.locator("#sign").focus()
    press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(ready.user)
    press("Tab")
    page.keyboard.type(ready.token)
    press("Enter")
    expect(page.locator("#who")).to_have_text(f"Signed in as {ready.user}")
    page.locator("#query").focus()
    press("Control+a")
    page.keyboard.type("SELECT TOP 5 ra, de")
    expect(page.locator("#suggestions li").first).to_be_visible()
    press("Escape")
    page.keyboard.type("c FROM gaiadr3.gaia_source WHERE phot_g_mean_mag < 12 ")
    press("Escape")
    press("Control+Enter")
    expect(page.locator("#rows tbody tr")).to_have_count(5, timeout=MINUTE)
    expect(page.get_by_role("img", name="dec against ra")).to_be_visible()
    page.get_by_role("button", name="Run as a job").focus()
    press("Enter")
    job = page.locator("#jobs tbody tr", has_text="SELECT TOP 5 ra, dec").first
    expect(job).to_contain_text("COMPLETED", timeout=MINUTE)
    page.once("dialog", lambda dialog: dialog.accept("by_keyboard"))
    job.get_by_role("button", name="Save").focus()
    press("Enter")
    expect(page.locator("#jobs-told")).to_contain_text(f"user_{ready.user}.by_keyboard has 5 rows", timeout=MINUTE)
    job.get_by_role("button", name="Delete").focus()
    press("Enter")
