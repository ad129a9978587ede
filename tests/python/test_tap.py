"""TAP as astronomers' own programs speak it: astroquery.gaia and pyvo, unchanged, pointed at the platform."""

from __future__ import annotations

import io
from collections.abc import Iterator

import nearside
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import pyvo
import requests
from astropy.table import Table
from astroquery.gaia import GaiaClass
from platform_process import Ready
from pyvo.dal.exceptions import DALQueryError

CONE = "SELECT source_id, ra, dec, parallax, phot_g_mean_mag FROM gaiadr3.gaia_source WHERE "
CONE += "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 56.75, 24.12, 0.5)) ORDER BY source_id"
FEATURES = ["adqlgeo", "udf"]


@pytest.fixture(scope="session")
def gaia(ready: Ready) -> GaiaClass:
    return GaiaClass(gaia_tap_server=ready.vo_url, gaia_data_server=ready.vo_url, show_server_messages=False)


@pytest.fixture(scope="session")
def tap(ready: Ready) -> pyvo.dal.TAPService:
    return pyvo.dal.TAPService(f"{ready.vo_url}/tap-server/tap")


@pytest.fixture(scope="session")
def signed_in(ready: Ready) -> Iterator[pyvo.dal.TAPService]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {ready.token}"
        yield pyvo.dal.TAPService(f"{ready.vo_url}/tap-server/tap", session=session)


@pytest.fixture(scope="session")
def cone(tap: pyvo.dal.TAPService) -> Table:
    rows = tap.run_sync(CONE).to_table()
    assert len(rows) > 50
    return rows


def same(left: Table, right: Table) -> bool:
    """Whether two tables have the same values and gaps in the same columns."""
    assert left.colnames == right.colnames
    for name in left.colnames:
        one, other = np.ma.asarray(left[name]), np.ma.asarray(right[name])
        np.testing.assert_array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other), err_msg=name)
        np.testing.assert_allclose(one.compressed(), other.compressed(), rtol=1e-6, err_msg=name)
    return True


@pytest.mark.parametrize("output_format", ["votable", "votable_gzip", "votable_plain", "csv", "ecsv", "json"])
def test_astroquery_reads_the_same_rows_in_every_format(gaia: GaiaClass, cone: Table, output_format: str) -> None:
    rows = gaia.launch_job(CONE.replace("SELECT", "SELECT TOP 1000000"), output_format=output_format).get_results()
    assert same(Table(rows, copy=True), cone)


def test_an_asynchronous_job_of_astroquery_gives_the_same_rows(gaia: GaiaClass, cone: Table) -> None:
    job = gaia.launch_job_async(CONE)
    assert job.is_finished()
    assert job.get_phase() == "COMPLETED"
    assert same(Table(job.get_results(), copy=True), cone)
    again = gaia.load_async_job(jobid=job.jobid)
    assert again.parameters["query"] == CONE


def test_a_wrong_query_fails_with_the_reason_in_both_ways(gaia: GaiaClass) -> None:
    wrong = "SELECT TOP 1 ra FROM gaiadr3.gaia_sourc"
    for launch in [gaia.launch_job, gaia.launch_job_async]:
        with pytest.raises(requests.exceptions.HTTPError, match="did you mean gaiadr3.gaia_source"):
            launch(wrong)


def test_an_uploaded_table_joins_with_the_catalogue(gaia: GaiaClass, cone: Table) -> None:
    mine = Table({"id": cone["source_id"][:5], "note": ["a", "", "ü", "<&>", "e"]})
    query = "SELECT TOP 100 m.note, g.source_id FROM tap_upload.mine AS m JOIN gaiadr3.gaia_source AS g "
    query += "ON g.source_id = m.id ORDER BY g.source_id"
    for launch in [gaia.launch_job, gaia.launch_job_async]:
        rows = launch(query, upload_resource=mine, upload_table_name="mine").get_results()
        assert list(rows["source_id"]) == sorted(mine["id"])


def test_the_tables_and_their_columns_are_listed(gaia: GaiaClass, tap: pyvo.dal.TAPService) -> None:
    names = {table.get_qualified_name() for table in gaia.load_tables(only_names=True)}
    assert {"gaiadr3.gaia_source", "tap_schema.columns"} <= names
    columns = {column.name: column for column in gaia.load_table("gaiadr3.gaia_source").columns}
    assert (columns["parallax"].unit, columns["ra"].flags, columns["ra"].data_type) == ("mas", "1", "double")
    assert tap.tables["gaiadr3.gaia_source"].nrows is None or tap.tables["gaiadr3.gaia_source"].nrows > 0
    described = tap.run_sync("SELECT column_name FROM TAP_SCHEMA.columns WHERE table_name = 'gaiadr3.gaia_source'")
    assert set(described["column_name"]) == set(columns)


def test_columns_keep_unit_ucd_and_description(tap: pyvo.dal.TAPService) -> None:
    parallax = tap.run_sync(CONE, maxrec=1).getdesc("parallax")
    assert (parallax.unit, parallax.ucd) == ("mas", "pos.parallax.trig")
    assert parallax.description


def test_maxrec_cuts_and_says_so(tap: pyvo.dal.TAPService) -> None:
    cut, whole = tap.run_sync(CONE, maxrec=3), tap.run_sync(CONE)
    assert (len(cut), cut.query_status, whole.query_status) == (3, "OVERFLOW", "OK")
    # pyvo does not send a MAXREC of 0.
    asked = {"QUERY": CONE, "MAXREC": "0", "FORMAT": "csv"}
    names = requests.post(f"{tap.baseurl}/sync", asked, timeout=30).text
    assert names == ",".join(whole.fieldnames) + "\n"


def test_pyvo_says_what_is_wrong_with_a_query(tap: pyvo.dal.TAPService) -> None:
    with pytest.raises(DALQueryError, match="no such column") as refused:
        tap.run_sync("SELECT paralax FROM gaiadr3.gaia_source")
    assert "did you mean parallax" in str(refused.value)


def test_a_job_of_pyvo_waits_runs_and_is_deleted(signed_in: pyvo.dal.TAPService, ready: Ready) -> None:
    job = signed_in.submit_job(CONE)
    assert (job.phase, job.owner) == ("PENDING", ready.user)
    assert job.job_id in {listed.jobid for listed in signed_in.get_job_list(phases=["PENDING"])}
    job.run().wait(timeout=60)
    job.raise_if_error()
    assert job.phase == "COMPLETED"
    assert len(job.fetch_result()) > 50
    url = job.url
    job.delete()
    assert requests.get(url, headers={"Authorization": f"Bearer {ready.token}"}, timeout=10).status_code == 404


def test_a_job_of_a_person_is_there_for_that_person_alone(signed_in: pyvo.dal.TAPService) -> None:
    job = signed_in.submit_job(CONE)
    assert requests.get(job.url, timeout=10).status_code == 404
    assert requests.delete(job.url, timeout=10).status_code == 404
    job.delete()


def test_the_capabilities_name_languages_formats_and_functions(tap: pyvo.dal.TAPService) -> None:
    [capability] = [capability for capability in tap.capabilities if capability.standardid == "ivo://ivoa.net/std/TAP"]
    adql = capability.get_adql()
    geometry, functions = (adql.get_feature_list(f"ivo://ivoa.net/std/TAPRegExt#features-{name}") for name in FEATURES)
    assert {"CONTAINS", "POINT", "CIRCLE", "POLYGON"} <= {feature.form for feature in geometry}
    assert any(feature.form.lower().startswith("gaia_healpix_index(") for feature in functions)
    assert {output.mime for output in capability.outputformats} >= {"text/csv", "application/x-votable+xml"}


def test_the_fields_of_a_light_curve_are_columns(tap: pyvo.dal.TAPService) -> None:
    query = "SELECT TOP 1 source_id, G_transit_mag, e.bp_flux FROM gaiadr3.epoch_photometry AS e"
    query += " WHERE n_transits > 10"
    [row] = tap.run_sync(query).to_table()
    assert len(row["g_transit_mag"]) == len(row["bp_flux"]) > 10


def test_a_cone_search_finds_what_a_query_finds(ready: Ready, cone: Table) -> None:
    service = pyvo.dal.SCSService(f"{ready.vo_url}/cone/gaiadr3.gaia_source")
    found = service.search(pos=(56.75, 24.12), radius=0.5, verbosity=3)
    assert sorted(found["source_id"]) == list(cone["source_id"])
    assert len(service.search(pos=(56.75, 24.12), radius=0)) == 0
    wrong = requests.get(service.baseurl, {"RA": "0", "DEC": "100", "SR": "1"}, timeout=10)
    assert wrong.status_code == 400
    assert "it is a number of degrees, -90 to 90" in wrong.text


@pytest.mark.parametrize("output_format", ["parquet", "arrow"])
def test_columnar_formats_keep_types_nulls_and_units(ready: Ready, sky: nearside.Connection, output_format: str) -> None:
    query = CONE.replace("SELECT", "SELECT radial_velocity,")
    asked = {"QUERY": query, "FORMAT": output_format}
    answer = io.BytesIO(requests.post(f"{ready.vo_url}/tap-server/tap/sync", asked, timeout=30).content)
    rows = pq.read_table(answer) if output_format == "parquet" else pa.ipc.open_stream(answer).read_all()
    same = "SELECT radial_velocity, source_id, ra, dec, parallax, phot_g_mean_mag FROM gaiadr3.gaia_source "
    assert rows.equals(sky.sql(same + "WHERE cone(ra, dec, 56.75, 24.12, 0.5) ORDER BY source_id").to_arrow())
    assert rows.schema.field("parallax").metadata[b"unit"] == b"mas"
    if output_format == "parquet":
        assert b'<FIELD name="parallax"' in pq.ParquetFile(answer).metadata.metadata[b"IVOA.VOTable-Parquet.content"]


def test_astropy_reads_fits_with_gaps_and_units(ready: Ready, cone: Table) -> None:
    asked = {"QUERY": CONE, "FORMAT": "fits"}
    answer = requests.post(f"{ready.vo_url}/tap-server/tap/sync", asked, timeout=30)
    rows = Table.read(io.BytesIO(answer.content), format="fits")
    assert same(rows, cone)
    assert str(rows["parallax"].unit) == "mas"
