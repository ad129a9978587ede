"""Light curves and spectra by identifier, as astroquery and pyvo get them, and why some are missing."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import nearside
import numpy as np
import pytest
import pyvo
import requests
from astropy.table import Table
from astroquery.gaia import GaiaClass
from platform_process import Ready

FORMATS = ["votable", "votable_plain", "csv", "fits", "json"]


@pytest.fixture(scope="module")
def gaia(ready: Ready) -> GaiaClass:
    return GaiaClass(gaia_tap_server=ready.vo_url, gaia_data_server=ready.vo_url, show_server_messages=False)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """astroquery unpacks what it downloads where it is started, and leaves it there when it is stopped."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def variable(ready: Ready) -> int:
    with nearside.connect(ready.flight_url, ready.token) as sky:
        ids = sky.sql("SELECT source_id FROM gaiadr3.vari_rrlyrae ORDER BY source_id LIMIT 1").to_arrow()
        return ids["source_id"].to_pylist()[0]


def rows_of(products: object) -> Table:
    """The one table of a file, whatever astroquery makes of its format."""
    found = products[0] if isinstance(products, list) else products
    return found.to_table() if hasattr(found, "to_table") else found


def numbers(rows: Table, name: str) -> np.ndarray:
    """A column as numbers, with NaN for gaps."""
    return np.array([np.nan if value is None or value is np.ma.masked else float(value) for value in rows[name]])


@pytest.mark.parametrize("output_format", FORMATS)
def test_astroquery_gets_the_light_curve_that_a_notebook_gets(
    gaia: GaiaClass, variable: int, sky: nearside.Connection, output_format: str
) -> None:
    found = gaia.load_data([variable], retrieval_type="EPOCH_PHOTOMETRY", format=output_format)
    [(name, products)] = found.items()
    assert name.startswith(f"EPOCH_PHOTOMETRY-Gaia DR3 {variable}.")
    rows = rows_of(products)
    curve = sky.light_curves([variable]).band(variable, "G")
    # The notebook's curve leaves out transits without a time.
    in_g = rows[(np.asarray(rows["band"]).astype(str) == "G") & np.isfinite(numbers(rows, "time"))]
    np.testing.assert_allclose(numbers(in_g, "time"), np.asarray(curve.time, float))
    np.testing.assert_allclose(numbers(in_g, "mag"), np.asarray(curve.mag, float), rtol=1e-6)


def test_the_raw_structure_has_a_row_for_each_source(gaia: GaiaClass, sky: nearside.Connection) -> None:
    ids = sky.sql("SELECT source_id FROM gaiadr3.epoch_photometry ORDER BY source_id LIMIT 1100").to_arrow()
    ids = ids["source_id"].to_pylist()
    found = gaia.load_data(ids, retrieval_type="EPOCH_PHOTOMETRY", data_structure="RAW")
    [(name, products)] = found.items()
    assert name == "EPOCH_PHOTOMETRY_RAW.xml"
    rows = rows_of(products)
    assert sorted(rows["source_id"]) == ids
    assert all(len(row["g_transit_mag"]) == row["n_transits"] for row in rows)


def test_every_source_has_its_file_or_its_reason(ready: Ready, sky: nearside.Connection) -> None:
    ids = sky.sql("SELECT source_id FROM gaiadr3.epoch_photometry ORDER BY source_id LIMIT 2500").to_arrow()
    ids = [1, *ids["source_id"].to_pylist()]
    asked = {"ID": ",".join(map(str, ids)), "RETRIEVAL_TYPE": "EPOCH_PHOTOMETRY", "FORMAT": "csv"}
    answer = requests.post(f"{ready.vo_url}/data-server/data", asked, timeout=120)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert files.testzip() is None
        names = set(files.namelist())
        missing = files.read("MISSING.csv").decode().splitlines()
    assert names == {f"EPOCH_PHOTOMETRY-Gaia DR3 {i}.csv" for i in ids[1:]} | {"MISSING.csv"}
    assert missing == ["source_id,retrieval_type,missing", "1,EPOCH_PHOTOMETRY,no such source_id in gaiadr3.gaia_source"]


def test_pyvo_follows_the_links_of_a_query(ready: Ready, variable: int) -> None:
    tap = pyvo.dal.TAPService(f"{ready.vo_url}/tap-server/tap")
    rows = tap.run_sync(f"SELECT source_id, ra, dec FROM gaiadr3.gaia_source WHERE source_id = {variable}")
    links = rows[0].getdatalink()
    [link] = [link for link in links if not link.error_message]
    assert (link["local_semantics"], link.content_type) == ("EPOCH_PHOTOMETRY", "application/x-votable+xml")
    curve = Table.read(io.BytesIO(link.getdataset().read()), format="votable")
    assert set(np.unique(curve["band"])) == {"G", "BP", "RP"}
    assert set(curve["source_id"]) == {variable}


def test_a_source_without_products_has_rows_that_say_why(gaia: GaiaClass) -> None:
    links = gaia.get_datalinks([1])
    assert len(links) == 5
    assert all(message.startswith("NotFoundFault: ") for message in links["error_message"])


@pytest.mark.parametrize(
    ("parameters", "hint"),
    [
        ({"ID": "one"}, "it is a source_id"),
        ({"RETRIEVAL_TYPE": "RVS"}, "the parameter ID is missing"),
        ({"ID": "1", "RETRIEVAL_TYPE": "EPOCH_IMAGE"}, "this catalogue has EPOCH_PHOTOMETRY"),
        ({"ID": "1", "RELEASE": "Gaia DR9"}, "there are gaiadr3"),
        ({"ID": "1", "DATA_STRUCTURE": "PILE"}, "it is INDIVIDUAL, COMBINED or RAW"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_what_would(
    ready: Ready, parameters: dict[str, str], hint: str
) -> None:
    answer = requests.post(f"{ready.vo_url}/data-server/data", parameters, timeout=30)
    assert answer.status_code == 400
    assert hint in answer.text
