"""Lines of the archive's contract that clients rely on and that no other test asks for."""

from __future__ import annotations

import io
import re
import zipfile

import pyarrow as pa
import pytest
import requests
from platform_process import Ready

SPECTRA = "XP_CONTINUOUS"


def get(ready: Ready, path: str, **parameters: str) -> requests.Response:
    return requests.get(f"{ready.vo_url}{path}", parameters, timeout=60)


@pytest.fixture(scope="module")
def ids(ready: Ready) -> str:
    query = "SELECT TOP 3 source_id FROM gaiadr3.xp_sampled_mean_spectrum ORDER BY source_id"
    answer = get(ready, "/tap-server/tap/sync", QUERY=query, FORMAT="csv")
    return ",".join(answer.text.split()[1:])


def files(ready: Ready, **form: str) -> dict[str, bytes]:
    answer = requests.post(f"{ready.vo_url}/data-server/data", {"USE_ZIP_ALWAYS": "true", **form}, timeout=60)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
        return {name: found.read(name) for name in found.namelist()}


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"RETRIEVAL_TYPE": "MEAN_SPECTRUM_XP_SAMPLED"}, {"RETRIEVAL_TYPE": "XP_SAMPLED"}),
        ({"RETRIEVAL_TYPE": "mean_spectrum_xp"}, {"RETRIEVAL_TYPE": "XP_CONTINUOUS"}),
        ({"DATA_STRUCTURE": "DATAMODEL_STANDARD"}, {"DATA_STRUCTURE": "INDIVIDUAL"}),
        ({"DATA_STRUCTURE": "datamodel_gaia"}, {"DATA_STRUCTURE": "RAW"}),
        ({"RELEASE": "Gaia DR3", "LINKING_PARAMETER": "source_id"}, {}),
    ],
)
def test_words_of_the_next_release_mean_what_those_of_this_one_do(
    ready: Ready, ids: str, new: dict[str, str], old: dict[str, str]
) -> None:
    usual = {"ID": ids, "RETRIEVAL_TYPE": "XP_SAMPLED", "FORMAT": "csv"}
    found = files(ready, **{**usual, **new})
    assert found == files(ready, **{**usual, **old})
    assert len(found) > 0


def test_gaiaxpy_finds_its_file_with_lists_in_round_brackets(ready: Ready, ids: str) -> None:
    asked = {"ID": ids, "DATA_STRUCTURE": "raw", "RETRIEVAL_TYPE": SPECTRA, "FORMAT": "csv"}
    [(name, text)] = files(ready, **asked).items()
    assert "continuous" in name.lower()
    assert re.search(rb'"\(-?[0-9.e-]+, ', text)


def test_another_linking_parameter_is_refused_with_the_one_there_is(ready: Ready, ids: str) -> None:
    answer = get(ready, "/data-server/data", ID=ids, LINKING_PARAMETER="TRANSIT_ID")
    assert (answer.status_code, "products are found by SOURCE_ID here" in answer.text) == (400, True)


def test_lists_of_tables_can_be_without_columns_and_with_shared_ones(ready: Ready) -> None:
    path = "/tap-server/tap/tables"
    whole, names = get(ready, path).text, get(ready, path, only_tables="true").text
    short, shared = get(ready, path, detail="min").text, get(ready, path, share_accessible="true").text
    assert "<column" in whole
    assert "<column" not in names
    assert "<column" not in short
    assert names.count("<table") == whole.count("<table") == shared.count("<table") == short.count("<table")
    one = get(ready, path, tables="gaiadr3.vari_rrlyrae").text
    assert (len(re.findall("<table[ >]", one)), "vari_rrlyrae" in one) == (1, True)


@pytest.mark.parametrize("language", ["ADQL", "adql", "ADQL-2.0", "ADQL-2.1"])
def test_each_declared_language_is_taken(ready: Ready, language: str) -> None:
    answer = get(ready, "/tap-server/tap/sync", LANG=language, QUERY="SELECT 1 AS x FROM dual", FORMAT="csv")
    assert (answer.status_code, answer.text) == (200, "x\n1\n")


@pytest.mark.parametrize("cookie", ["SESSION=stale", "JSESSIONID=stale", "SESSION=a; JSESSIONID=b"])
def test_a_stale_cookie_is_nobody_in_particular(ready: Ready, cookie: str) -> None:
    for path in ["/tap-server/tap/tables?only_tables=true", "/data-server/datalink/links?ID=1"]:
        assert requests.get(f"{ready.vo_url}{path}", headers={"Cookie": cookie}, timeout=30).status_code == 200


def test_jobs_are_listed_by_phase_time_and_number(ready: Ready) -> None:
    url = f"{ready.vo_url}/tap-server/tap/async"
    mine = {"headers": {"Authorization": f"Bearer {ready.token}"}, "timeout": 30}
    for _ in range(3):
        made = requests.post(url, {"QUERY": "SELECT 1 AS x FROM dual"}, allow_redirects=False, **mine)
        assert made.status_code == 303

    def listed(**filters: str) -> int:
        return requests.get(url, filters, **mine).text.count("<uws:jobref")

    assert listed(LAST="2") == 2
    assert listed(PHASE="PENDING") >= 3
    assert listed(PHASE="ABORTED") == 0
    assert listed(AFTER="2000-01-01T00:00:00Z") >= 3
    assert listed(AFTER="2100-01-01T00:00:00Z") == 0


def test_a_browser_page_of_another_site_may_ask(ready: Ready) -> None:
    answer = get(ready, "/tap-server/tap/sync", QUERY="SELECT 1 AS x FROM dual", FORMAT="arrow")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert pa.ipc.open_stream(io.BytesIO(answer.content)).read_all().to_pydict() == {"x": [1]}
