"""Every kind of VOTable that the services send, in each serialization, passes the validator with units and UCDs."""

from __future__ import annotations

import io
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nearside
import numpy as np
import parts
import pyarrow.parquet as pq
import pytest
import pyvo
import requests
from astropy.table import Table
from platform_process import Ready

SERIALIZATIONS = {
    "tabledata": "application/x-votable+xml;serialization=tabledata",
    "binary": "application/x-votable+xml;serialization=binary",
    "binary2": "application/x-votable+xml;serialization=binary2",
    "binary2 in gzip": "votable_gzip",
}
QUERIES = {
    "a catalogue": ("SELECT TOP 50 * FROM gaiadr3.gaia_source", {}, "OK"),
    "light curves": ("SELECT TOP 20 * FROM gaiadr3.epoch_photometry", {}, "OK"),
    "coefficients": ("SELECT TOP 5 * FROM gaiadr3.xp_continuous_mean_spectrum", {}, "OK"),
    "descriptions of columns": ("SELECT * FROM TAP_SCHEMA.columns", {}, "OK"),
    "statistics": ('SELECT * FROM "usage".queries', {}, "OK"),
    "rows cut off": ("SELECT source_id, ra FROM gaiadr3.gaia_source", {"MAXREC": "7"}, "OVERFLOW"),
    "columns alone": ("SELECT * FROM gaiadr3.epoch_astrometry", {"MAXREC": "0"}, ""),
    "no rows": ("SELECT * FROM gaiadr3.gaia_source WHERE source_id < 0", {}, "OK"),
    "expressions": (
        "SELECT TOP 5 1 AS one, 'a<b&\"c' AS text, POINT(ra, dec) AS place, esdc_nullif(1, 1) AS nothing, "
        "DISTANCE(POINT(ra, dec), POINT(0, 0)) AS away FROM gaiadr3.gaia_source",
        {},
        "OK",
    ),
}
UPLOADED = """<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>
<FIELD name="truth" datatype="boolean"/><FIELD name="byte" datatype="unsignedByte"><VALUES null="255"/></FIELD>
<FIELD name="small" datatype="short"/><FIELD name="mid" datatype="int" unit="km/s" ucd="spect.dopplerVeloc"/>
<FIELD name="big" datatype="long"/><FIELD name="single" datatype="float"/><FIELD name="twice" datatype="double"/>
<FIELD name="words" datatype="unicodeChar" arraysize="*"/><FIELD name="some" datatype="double" arraysize="*"/>
<DATA><TABLEDATA>
<TR><TD>true</TD><TD>1</TD><TD>2</TD><TD>3</TD><TD>4</TD><TD>5.5</TD><TD>6.5</TD><TD>ü ☆ &lt;&amp;</TD><TD>1 NaN 3</TD></TR>
<TR><TD/><TD>255</TD><TD/><TD/><TD/><TD/><TD/><TD/><TD/></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


@pytest.fixture(scope="module")
def ids(ready: Ready) -> str:
    with nearside.connect(ready.flight_url, ready.token) as sky:
        ids = {1}
        for table in ["epoch_photometry", "epoch_astrometry", "xp_sampled_mean_spectrum", "rvs_mean_spectrum"]:
            ids |= set(sky.sql(f"SELECT source_id FROM gaiadr3.{table} LIMIT 1").to_arrow()["source_id"].to_pylist())
        return ",".join(map(str, sorted(ids)))


def complaints(documents: dict[str, bytes], place: Path) -> dict[str, str]:
    """What votlint says of each document, where it says anything."""
    assert documents

    def lint(named: tuple[str, bytes]) -> str:
        file = place / f"{abs(hash(named[0]))}.vot"
        file.write_bytes(named[1])
        command = [parts.stilts(), "votlint", "ucd=true", "unit=true", file]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return run.stdout + (run.stderr if run.returncode else "")

    with ThreadPoolExecutor(2) as pool:
        told = zip(documents, pool.map(lint, documents.items()), strict=True)
        return {name: text for name, text in told if text}


def post(ready: Ready, path: str, form: dict[str, str], *, status: int = 200, **others: object) -> bytes:
    answer = requests.post(f"{ready.vo_url}{path}", form, timeout=60, **others)
    assert answer.status_code == status, answer.text
    return answer.content


def sync(ready: Ready, query: str, **others: str) -> bytes:
    return post(ready, "/tap-server/tap/sync", {"QUERY": query, **others})


@pytest.mark.parametrize("serialization", SERIALIZATIONS)
def test_answers_to_queries(ready: Ready, tmp_path: Path, serialization: str) -> None:
    output_format = SERIALIZATIONS[serialization]
    found = {}
    for name, (query, others, status) in QUERIES.items():
        found[name] = sync(ready, query, FORMAT=output_format, **others)
        if "gzip" not in serialization and status:
            assert f'name="QUERY_STATUS" value="{status}"'.encode() in found[name], name
    mine = {"UPLOAD": "mine,param:up", "FORMAT": output_format, "QUERY": "SELECT * FROM tap_upload.mine"}
    found["an upload"] = post(ready, "/tap-server/tap/sync", mine, files={"up": UPLOADED})
    for structure in ["INDIVIDUAL", "COMBINED", "RAW"]:
        asked = {"ID": "1", "RETRIEVAL_TYPE": "RVS", "DATA_STRUCTURE": structure, "FORMAT": output_format}
        found[f"what is missing, {structure}"] = post(ready, "/data-server/data", asked)
    assert complaints(found, tmp_path) == {}


@pytest.mark.parametrize("serialization", [name for name in SERIALIZATIONS if "gzip" not in name])
def test_products_and_links(ready: Ready, ids: str, tmp_path: Path, serialization: str) -> None:
    output_format = SERIALIZATIONS[serialization]
    found = {}
    for structure in ["INDIVIDUAL", "COMBINED", "RAW"]:
        asked = {"ID": ids, "DATA_STRUCTURE": structure, "USE_ZIP_ALWAYS": "true", "FORMAT": output_format}
        with zipfile.ZipFile(io.BytesIO(post(ready, "/data-server/data", asked))) as files:
            found |= {f"{structure} {name}": files.read(name) for name in files.namelist()}
    kinds = {name.split()[1].split("-")[0].split(".")[0] for name in found}
    assert {"EPOCH_PHOTOMETRY", "XP_SAMPLED", "XP_CONTINUOUS", "RVS_RAW", "MISSING"} <= kinds
    links = {"ID": ids, "RESPONSEFORMAT": output_format}
    found["links"] = post(ready, "/data-server/datalink/links", links)
    found["links of nothing"] = post(ready, "/data-server/datalink/links", {"RESPONSEFORMAT": output_format})
    assert complaints(found, tmp_path) == {}


def test_cone_searches(ready: Ready, tmp_path: Path) -> None:
    def cone(**parameters: str) -> bytes:
        asked = {"RA": "56.75", "DEC": "24.12", "SR": "0.3", **parameters}
        return requests.get(f"{ready.vo_url}/cone/gaiadr3.gaia_source", asked, timeout=60).content

    found = {"usual": cone(), "columns alone": cone(SR="0"), "an error": cone(DEC="91"), "all": cone(VERB="3")}
    found |= {name: cone(RESPONSEFORMAT=asked) for name, asked in SERIALIZATIONS.items()}
    # Simple Cone Search 1.03 section 2.2 wants three UCDs of the first kind, and votlint has no other complaint.
    told = {line for text in complaints(found, tmp_path).values() for line in text.splitlines()}
    assert all("ID_MAIN" in line or "POS_EQ_" in line for line in told), told


def test_errors_and_jobs(ready: Ready, tmp_path: Path) -> None:
    def error(path: str, status: int = 400, **form: str) -> bytes:
        return post(ready, path, form, status=status)

    tap = "/tap-server/tap"
    found = {
        "no such table": error(f"{tap}/sync", QUERY='SELECT a FROM "<&\u00e9>"'),
        "no query": error(f"{tap}/sync", LANG="ADQL"),
        "no such job": requests.get(f"{ready.vo_url}{tap}/async/nothing", timeout=30).content,
        "no such address": requests.get(f"{ready.vo_url}/nothing", timeout=30).content,
        "no such source": error("/data-server/data", ID="x"),
        "no such link": error("/data-server/datalink/links", ID="x"),
    }
    service = pyvo.dal.TAPService(f"{ready.vo_url}{tap}")
    for query, end in [("SELECT TOP 3 * FROM gaiadr3.gaia_source", "COMPLETED"), ("SELECT x FROM y", "ERROR")]:
        job = service.submit_job(query).run()
        job.wait(timeout=60)
        assert job.phase == end
        part = "results/result" if end == "COMPLETED" else "error"
        found[f"a job in {end}"] = requests.get(f"{job.url}/{part}", timeout=30).content
    assert all(b"<VOTABLE" in document for document in found.values())
    assert complaints(found, tmp_path) == {}


@pytest.mark.parametrize("serialization", SERIALIZATIONS)
def test_a_point_is_two_numbers_for_astropy_with_nulls_among_them(ready: Ready, serialization: str) -> None:
    query = "SELECT TOP 40 source_id, radial_velocity, POINT(radial_velocity * 0, 1) AS place FROM gaiadr3.gaia_source"
    document = sync(ready, query, FORMAT=SERIALIZATIONS[serialization])
    rows = Table.read(io.BytesIO(document), format="votable")
    known = ~np.ma.getmaskarray(rows["radial_velocity"]) & np.isfinite(rows["radial_velocity"])
    assert 0 < np.count_nonzero(known) < len(rows)
    places = np.ma.filled(rows["place"], np.nan)
    assert places.shape == (40, 2)
    np.testing.assert_array_equal(places, np.where(np.asarray(known)[:, None], [0.0, 1.0], np.nan))


def test_what_a_parquet_file_says_of_its_columns(ready: Ready, tmp_path: Path) -> None:
    file = sync(ready, "SELECT TOP 5 * FROM gaiadr3.gaia_source", FORMAT="parquet")
    about = pq.read_metadata(io.BytesIO(file)).metadata
    assert complaints({"metadata": about[b"IVOA.VOTable-Parquet.content"]}, tmp_path) == {}
