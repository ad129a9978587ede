"""Who used the services: the real clients ask, and the statistics know them apart, by version and by what they asked."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import astroquery
import nearside
import parts
import pytest
import pyvo
import requests
from astroquery.gaia import GaiaClass
from conftest import Start
from platform_process import Ready
from playwright.sync_api import Page, expect

SOURCES = "gaiadr3.gaia_source"
JOIN = f"SELECT TOP 3 a.source_id FROM {SOURCES} AS a JOIN gaiadr3.epoch_photometry AS b ON a.source_id = b.source_id"
WHOLE = 'SELECT entrance, client, version, complexity, outcome FROM "usage".queries'
COUNTS = 'SELECT entrance, client, version, complexity, queries FROM "usage".queries'


@pytest.fixture(scope="module")
def used(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """A platform of its own that real clients have used: whoever comes later only reads."""
    ready = start(parts.sample()).ready()
    gaia = GaiaClass(gaia_tap_server=ready.vo_url, gaia_data_server=ready.vo_url, show_server_messages=False)
    for _ in range(6):
        gaia.launch_job(f"SELECT TOP 1 source_id FROM {SOURCES}")
    gaia.launch_job_async(JOIN)
    service = pyvo.dal.TAPService(f"{ready.vo_url}/tap-server/tap")
    service.search(f"SELECT COUNT(*) AS n FROM {SOURCES}")
    pyvo.dal.SCSService(f"{ready.vo_url}/cone/{SOURCES}").search(pos=(56.75, 24.12), radius=0.1)
    with pytest.raises(pyvo.dal.exceptions.DALQueryError):
        service.search("SELECT nothing FROM nowhere")
    with requests.Session() as space:
        space.headers.update({"Authorization": f"Bearer {ready.token}", "User-Agent": f"pyvo/{pyvo.__version__}"})
        note = f"{ready.vo_url}/vospace/files/home/{ready.user}/note.txt"
        assert (space.put(note, b"hello", timeout=30).status_code, space.get(note, timeout=30).text) == (201, "hello")
    over_flight(ready, tmp_path_factory.mktemp("token") / "token")
    return ready


def over_flight(ready: Ready, token: Path) -> None:
    """The package of the notebooks, elsewhere and as in a lab."""
    with nearside.connect(ready.flight_url, ready.token) as sky:
        sky.cone(56.75, 24.12, radius=0.1)
        with pytest.raises(nearside.QueryError):
            sky.sql("SELECT nothing FROM nowhere")
    token.write_text(ready.token)
    with pytest.MonkeyPatch.context() as lab:
        lab.setenv("NEARSIDE_FLIGHT_URL", ready.flight_url)
        lab.setenv("NEARSIDE_TOKEN_FILE", str(token))
        with nearside.connect() as sky:
            sky.sql(f"SELECT COUNT(*) FROM {SOURCES}")


def operator(ready: Ready) -> dict[str, str]:
    return {"Authorization": f"Bearer {ready.token}"}


def rows(ready: Ready, query: str, headers: dict[str, str] | None = None) -> list[tuple[str, ...]]:
    asked = {"QUERY": query, "FORMAT": "csv"}
    answer = requests.post(f"{ready.vo_url}/tap-server/tap/sync", asked, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return [tuple(line.split(",")) for line in answer.text.splitlines()[1:]]


def test_operators_see_each_request_with_its_program_and_class(used: Ready) -> None:
    found = Counter(row for row in rows(used, WHOLE, operator(used)) if row[1] != "other")
    version = re.match(r"[\d.]+", astroquery.__version__).group().strip(".")
    assert found == {
        ("tap-sync", "astroquery", version, "simple", "answered"): 6,
        ("tap-async", "astroquery", version, "join", "answered"): 1,
        ("tap-sync", "pyvo", pyvo.__version__, "aggregate", "answered"): 1,
        ("cone", "pyvo", pyvo.__version__, "region", "answered"): 1,
        ("tap-sync", "pyvo", pyvo.__version__, "simple", "refused"): 1,
        ("vospace", "pyvo", pyvo.__version__, "transfer", "answered"): 2,
        ("flight", "nearside", nearside.__version__, "region", "answered"): 1,
        ("flight", "nearside", nearside.__version__, "simple", "refused"): 1,
        ("flight", "kernel", nearside.__version__, "aggregate", "answered"): 1,
    }


def test_others_see_counts_of_days_without_the_small_ones(used: Ready) -> None:
    version = re.match(r"[\d.]+", astroquery.__version__).group().strip(".")
    assert [row for row in rows(used, COUNTS) if row[1] != "other"] == [
        ("tap-sync", "astroquery", version, "simple", "6")
    ]
    asked = {"QUERY": 'SELECT asked_at FROM "usage".queries', "FORMAT": "csv"}
    refused = requests.post(f"{used.vo_url}/tap-server/tap/sync", asked, timeout=30)
    assert refused.status_code == 400
    assert "no such column asked_at" in refused.text


def test_the_table_describes_itself_to_whoever_asks(used: Ready) -> None:
    service = pyvo.dal.TAPService(f"{used.vo_url}/tap-server/tap")
    columns = service.tables['"usage".queries'].columns
    assert [column.name for column in columns] == ["asked_on", "entrance", "client", "version", "complexity", "queries"]
    assert all(column.description for column in columns)


def test_metrics_are_for_operators_and_count_the_same(used: Ready) -> None:
    address = f"{used.vo_url}/metrics"
    assert requests.get(address, timeout=10).status_code == 401
    answer = requests.get(address, headers=operator(used), timeout=10)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    label = 'entrance="tap-sync",client="astroquery",complexity="simple",outcome="answered"'
    assert f"nearside_vo_requests_total{{{label}}} 6" in answer.text.splitlines()
    assert 'nearside_vo_answer_seconds_count{entrance="cone"} 1' in answer.text.splitlines()
    kernel = 'entrance="flight",client="kernel",complexity="aggregate",outcome="answered"'
    assert f"nearside_vo_requests_total{{{kernel}}} 1" in answer.text.splitlines()


def test_the_page_draws_who_uses_the_catalogue(page: Page, used: Ready) -> None:
    page.goto(used.vo_url)
    page.get_by_role("link", name="Who uses it").click()
    expect(page.locator("#state")).to_contain_text("from astroquery")
    assert page.locator("#clients svg rect").count() >= 1
    expect(page.locator("#clients svg text", has_text="astroquery")).to_be_visible()
    page.locator("#classes summary").click()
    astroquery_row = page.locator("#classes tbody tr", has_text="astroquery")
    expect(astroquery_row.locator("td").first).to_have_text("6")
