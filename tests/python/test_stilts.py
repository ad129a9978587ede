"""The validators of the Virtual Observatory community, as Debian has them: no error, and no warning of ours."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import parts
import pytest
import requests
from conftest import Start
from platform_process import Ready

SOURCES = "SELECT TOP 50 * FROM gaiadr3.gaia_source"
STAGES = ["TMV", "TME", "TMS", "TMC", "CPV", "CAP", "AVV", "QGE", "QPO", "QAS", "UWS", "MDQ", "UPL", "EXA"]
# astroquery needs attributes of ESA's own in the list of tables, and no validator knows their namespace.
NOT_OURS = ["W-TMV-UNSC-1 Schema from unknown namespace during validation: http://esa.int/xml/EsaTapPlus"]


def stilts(*arguments: str | Path, within: float = 600) -> str:
    """What a task of stilts prints."""
    command = [parts.stilts(), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=within, check=False)
    assert run.returncode == 0 or run.stdout, run.stderr
    return run.stdout


@pytest.fixture(scope="module", params=["http", "https"])
def taplint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of all stages."""
    trust: list[str] = []
    if request.param == "http":
        ready: Ready = request.getfixturevalue("ready")
    else:
        start: Start = request.getfixturevalue("start")
        ready = start(parts.sample(), "--tls").ready()
        trust = trusted(ready.ca_file, tmp_path_factory.mktemp("trust") / "trust.p12")
    assert ready.vo_url.startswith(f"{request.param}://")
    url = f"tapurl={ready.vo_url}/tap-server/tap"
    return stilts(*trust, "taplint", url, f"stages={' '.join(STAGES)}", "report=EWFS", "maxrepeat=9")


def trusted(ca_file: str, store: Path) -> list[str]:
    """What tells Java to trust an authority."""
    command = ["keytool", "-importcert", "-noprompt", "-storetype", "PKCS12", "-storepass", "changeit"]
    subprocess.run([*command, "-file", ca_file, "-keystore", store], check=True, capture_output=True, timeout=60)
    return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]


@pytest.mark.parametrize("stage", STAGES)
def test_taplint_finds_nothing_wrong(taplint: str, stage: str) -> None:
    assert f"Section {stage}:" in taplint
    kinds = [f"{kind}-{stage}-" for kind in "EWF"]
    assert [line for line in taplint.splitlines() if line[:6] in kinds and line not in NOT_OURS] == []


def cones(ready: Ready) -> dict[str, str]:
    """The addresses of all cone searches by their tables, as registries know them."""
    frame = ElementTree.fromstring(requests.get(f"{ready.vo_url}/registry", timeout=30).text)
    urls = [element.text for element in frame.iter("accessURL")]
    return {url.rsplit("/", 1)[1].rstrip("?"): url for url in urls if "/cone/" in url}


def test_stilts_finds_sources_with_the_cone_search_of_every_catalogue(ready: Ready, tmp_path: Path) -> None:
    found = cones(ready)
    assert {"gaiadr3.gaia_source", "gaiadr3.epoch_photometry", "gaiadr3.vari_rrlyrae"} <= found.keys()
    for table, url in found.items():
        some = f"SELECT TOP 4 source_id, ra, dec FROM {table} ORDER BY source_id"
        answer = requests.post(f"{ready.vo_url}/tap-server/tap/sync", {"QUERY": some, "FORMAT": "csv"}, timeout=30)
        positions = tmp_path / f"{table}.csv"
        positions.write_text(answer.text)
        rows = list(csv.DictReader(answer.text.splitlines()))
        assert len(rows) == 4, table
        asked = [f"serviceurl={url}", "sr=0.0001", "ra=ra", "dec=dec", "find=best", "ofmt=csv", "usefoot=false"]
        matched = stilts("coneskymatch", f"in={positions}", "ifmt=csv", *asked)
        same = [(row["source_id_0"], row["source_id_1"]) for row in csv.DictReader(matched.splitlines())]
        assert same == [(row["source_id"], row["source_id"]) for row in rows], table


@pytest.mark.parametrize("verbosity", ["1", "2", "3"])
def test_the_cone_task_of_stilts_gets_the_sources_of_the_same_query(ready: Ready, verbosity: str) -> None:
    around = ["lon=56.75", "lat=24.12", "radius=0.5", f"verb={verbosity}"]
    rows = stilts("cone", f"serviceurl={cones(ready)['gaiadr3.gaia_source']}", *around, "ofmt=csv")
    inside = "1 = CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, 0.5))"
    query = f"SELECT source_id FROM gaiadr3.gaia_source WHERE {inside}"
    asked = {"QUERY": query, "FORMAT": "csv"}
    answer = requests.post(f"{ready.vo_url}/tap-server/tap/sync", asked, timeout=30).text.splitlines()[1:]
    assert answer
    assert sorted(row["source_id"] for row in csv.DictReader(rows.splitlines())) == sorted(answer)


def test_datalinklint_finds_nothing_wrong(ready: Ready) -> None:
    query = "SELECT TOP 1 source_id FROM gaiadr3.epoch_photometry"
    answer = requests.post(f"{ready.vo_url}/tap-server/tap/sync", {"QUERY": query, "FORMAT": "csv"}, timeout=30)
    source_id = answer.text.split()[1]
    report = stilts("datalinklint", f"votable={ready.vo_url}/data-server/datalink/links?ID={source_id}")
    assert "Totals: Errors: 0; Warnings: 0" in report, report


@pytest.mark.parametrize("output_format", ["votable", "votable_plain", "votable/b"])
def test_votlint_finds_nothing_wrong(ready: Ready, tmp_path: Path, output_format: str) -> None:
    asked = {"QUERY": SOURCES, "FORMAT": output_format}
    answer = requests.post(f"{ready.vo_url}/tap-server/tap/sync", asked, timeout=30)
    document = tmp_path / "answer.vot"
    document.write_bytes(answer.content)
    assert stilts("votlint", document) == ""


def test_stilts_reads_the_rows_of_a_query(ready: Ready) -> None:
    table = stilts("tapquery", f"tapurl={ready.vo_url}/tap-server/tap", f"adql={SOURCES}", "ofmt=csv")
    assert len(table.splitlines()) == 51
