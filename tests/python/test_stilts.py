"""The validators of the Virtual Observatory community, as Debian has them: no error, and no warning of ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import parts
import pytest
import requests
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


@pytest.fixture(scope="module")
def taplint(ready: Ready) -> str:
    """The report of all stages."""
    url = f"tapurl={ready.vo_url}/tap-server/tap"
    return stilts("taplint", url, f"stages={' '.join(STAGES)}", "report=EWFS", "maxrepeat=9")


@pytest.mark.parametrize("stage", STAGES)
def test_taplint_finds_nothing_wrong(taplint: str, stage: str) -> None:
    assert f"Section {stage}:" in taplint
    kinds = [f"{kind}-{stage}-" for kind in "EWF"]
    assert [line for line in taplint.splitlines() if line[:6] in kinds and line not in NOT_OURS] == []


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
