"""The page of the addresses that speak JSON, in a real browser: it shows what the OpenAPI document says, and nothing else."""

from __future__ import annotations

import requests
from platform_process import Ready
from playwright.sync_api import Page, expect


def test_the_page_shows_each_operation_of_the_document_with_what_it_takes_and_gives(page: Page, ready: Ready) -> None:
    document = requests.get(f"{ready.vo_url}/openapi.json", timeout=30).json()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(ready.vo_url)
    page.get_by_role("link", name="For programs").click()
    operations = [(path, method, about) for path, methods in document["paths"].items() for method, about in methods.items()]
    expect(page.locator("#state")).to_have_text(f"{len(operations)} operations")
    for path, method, about in operations:
        section = page.get_by_role("region", name=f"{method.upper()} {path}", exact=True)
        expect(section).to_contain_text(about["summary"])
        for status, answer in about["responses"].items():
            expect(section).to_contain_text(f"{status} {answer['description']}")
    query = page.get_by_role("region", name="POST /tap-server/tap/sync", exact=True)
    takes = query.get_by_role("table").filter(has_text="What it takes")
    rows = [row.inner_text().split("\t") for row in takes.locator("tbody tr").all()]
    assert [row[:3] for row in rows] == [["QUERY", "string", "yes"], ["FORMAT", '"json"', "yes"], ["MAXREC", "integer, at least 0", "no"]]
    gives = query.get_by_role("table").filter(has_text="What the answer 200 has")
    names = [name.inner_text() for name in gives.locator("tbody th").all()]
    assert names == ["metadata", "metadata[].name", "metadata[].datatype", "data"]
    assert all(url.startswith(ready.vo_url) for url in asked), "nothing comes from elsewhere"
    assert complaints == []


def test_every_link_of_the_page_is_reached_by_keyboard_and_leads_somewhere(page: Page, ready: Ready) -> None:
    page.goto(f"{ready.vo_url}/api")
    expect(page.locator("#state")).to_contain_text("operations")
    reached = []
    for _ in range(page.locator("a, [tabindex='0']").count()):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('href')"))
    links = [link for link in reached if link]
    assert links == ["/", "/openapi.json"]
    assert all(requests.get(f"{ready.vo_url}{link}", timeout=30).ok for link in links)
