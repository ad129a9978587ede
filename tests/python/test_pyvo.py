"""pyvo's classes for TAP, DataLink and cone search, method by method: what each gives, beside what the engine gives."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta

import astropy.units as u
import nearside
import numpy as np
import pytest
import pyvo
import requests
from astropy.coordinates import SkyCoord
from astropy.table import Table
from platform_process import Ready
from pyvo.dal.adhoc import DatalinkResults, DatalinkService

PLEIADES = SkyCoord(56.75, 24.12, unit="deg")
RADIUS = 0.2
SOURCES = "gaiadr3.gaia_source"
IN_SQL = f"cone(ra, dec, 56.75, 24.12, {RADIUS})"
QUERY = f"SELECT source_id, ra, dec, parallax FROM {SOURCES} WHERE "
QUERY += f"1 = CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, {RADIUS})) ORDER BY source_id"
WITHOUT_VALUES = "SELECT TOP 1 source_id FROM gaiadr3.gaia_source"


@pytest.fixture(scope="module")
def tap(ready: Ready) -> Iterator[pyvo.dal.TAPService]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {ready.token}"
        yield pyvo.dal.TAPService(f"{ready.vo_url}/tap-server/tap", session=session)


@pytest.fixture(scope="module")
def cone(ready: Ready) -> pyvo.dal.SCSService:
    return pyvo.dal.SCSService(f"{ready.vo_url}/cone/{SOURCES}")


@pytest.fixture
def truth(sky: nearside.Connection) -> Table:
    """The rows of the query, from the engine."""
    columns = "source_id, ra, dec, parallax"
    rows = sky.sql(f"SELECT {columns} FROM {SOURCES} WHERE {IN_SQL} ORDER BY source_id").to_arrow()
    assert rows.num_rows > 10
    return Table({name: rows[name].to_numpy() for name in rows.column_names})


@pytest.fixture
def variable(sky: nearside.Connection) -> int:
    ids = sky.sql("SELECT source_id FROM gaiadr3.vari_rrlyrae ORDER BY source_id LIMIT 1").to_arrow()
    return ids["source_id"].to_pylist()[0]


@pytest.fixture
def job(tap: pyvo.dal.TAPService) -> Iterator[pyvo.dal.AsyncTAPJob]:
    job = tap.submit_job(QUERY)
    yield job
    job.delete()


def test_every_way_to_ask_gives_the_rows_of_the_engine(tap: pyvo.dal.TAPService, truth: Table) -> None:
    for ask in (tap.search, tap.run_sync, tap.run_async, lambda query: tap.create_query(query).execute()):
        rows = ask(QUERY)
        assert (rows.fieldnames, len(rows)) == (tuple(truth.colnames), len(truth))
        for name in truth.colnames:
            np.testing.assert_array_equal(np.asarray(rows.to_table()[name]), truth[name], err_msg=name)


def test_a_query_can_be_taken_as_bytes_and_as_a_document(tap: pyvo.dal.TAPService, truth: Table) -> None:
    query = tap.create_query(QUERY, maxrec=3)
    assert (query.baseurl, query["MAXREC"], query["QUERY"]) == (tap.baseurl, 3, QUERY)
    assert query.execute_raw().startswith(b"<?xml")
    assert query.execute_stream().read(5) == b"<?xml"
    [table] = list(query.execute_votable().iter_tables())
    assert list(table.to_table()["source_id"]) == list(truth["source_id"][:3])


def test_results_tell_columns_by_name_ucd_and_number(tap: pyvo.dal.TAPService, truth: Table) -> None:
    rows = tap.run_sync(QUERY)
    assert rows.fieldname_with_ucd("pos.parallax.trig") == "parallax"
    assert rows.getdesc("ra").unit == "deg"
    assert [field.name for field in rows.fielddescs] == truth.colnames
    np.testing.assert_array_equal(rows.getcolumn("ra"), truth["ra"])
    assert rows.getvalue("dec", 2) == truth["dec"][2]
    record = rows.getrecord(1)
    assert (record["source_id"], record.getbyucd("pos.parallax.trig")) == (truth["source_id"][1], truth["parallax"][1])
    assert dict(record.items()).keys() == set(truth.colnames)
    assert rows.to_qtable()["parallax"].unit == u.mas
    assert int(next(rows.cursor())["source_id"]) == truth["source_id"][0]
    assert (rows.query_status, rows.status[0]) == ("OK", "OK")
    assert rows.resultstable.to_table().colnames == truth.colnames
    assert len(rows.votable.resources) >= 1


def test_a_service_describes_itself(tap: pyvo.dal.TAPService) -> None:
    assert tap.available
    assert tap.up_since is not None
    capability = tap.get_tap_capability()
    assert capability.standardid == "ivo://ivoa.net/std/TAP"
    assert {method.ivo_id.rpartition("#")[2] for method in tap.upload_methods} >= {"upload-inline"}
    with redirect_stdout(io.StringIO()) as told:
        tap.describe()
    assert "ADQL" in told.getvalue()
    examples = [example["QUERY"] for example in tap.examples]
    assert examples
    assert all(len(tap.run_sync(query, maxrec=1)) <= 1 for query in examples)


def test_tables_have_columns_with_units_and_keys(tap: pyvo.dal.TAPService) -> None:
    tables = tap.tables
    assert {SOURCES, "tap_schema.columns"} <= set(tables.keys())
    columns = {column.name: column for column in tables[SOURCES].columns}
    assert (columns["parallax"].unit, columns["parallax"].ucd) == ("mas", "pos.parallax.trig")
    assert columns["ra"].description


def test_a_job_is_changed_until_it_runs_and_then_has_one_result(job: pyvo.dal.AsyncTAPJob, truth: Table) -> None:
    assert (job.phase, job.query, job.uws_version) == ("PENDING", QUERY, "1.1")
    job.query = QUERY.replace("ORDER BY source_id", "ORDER BY source_id DESC")
    job.execution_duration = 300
    later = datetime.now(UTC) + timedelta(days=2)
    job.destruction = later
    assert job.execution_duration.to_value(u.s) == 300
    assert abs(job.destruction.to_datetime(timezone=UTC) - later) < timedelta(seconds=2)
    job.run().wait(timeout=60)
    assert job.phase == "COMPLETED"
    assert len(job.results) == 1
    assert job.result_uris == [job.result_uri] == [f"{job.url}/results/result"]
    assert list(job.fetch_result()["source_id"]) == list(truth["source_id"][::-1])


def test_a_job_is_found_again_by_its_name_and_in_the_list(
    tap: pyvo.dal.TAPService, job: pyvo.dal.AsyncTAPJob, ready: Ready
) -> None:
    again = tap.get_job(job.job_id)
    assert (again.jobid, again.phase, again.ownerid) == (job.job_id, "PENDING", ready.user)
    before = datetime.now(UTC) - timedelta(minutes=5)
    for filters in ({"phases": ["PENDING"]}, {"last": 1}, {"after": before}):
        assert job.job_id in {listed.jobid for listed in tap.get_job_list(**filters)}
    assert job.job_id not in {listed.jobid for listed in tap.get_job_list(phases=["COMPLETED", "ERROR"])}


def test_an_aborted_job_stays_aborted(job: pyvo.dal.AsyncTAPJob) -> None:
    job.abort()
    assert job.phase == "ABORTED"
    with pytest.raises(pyvo.dal.exceptions.DALQueryError):
        job.raise_if_error()


def test_tables_that_come_with_a_query_or_a_job_are_joined(tap: pyvo.dal.TAPService, truth: Table) -> None:
    mine = Table({"id": truth["source_id"][:4]})
    query = f"SELECT g.source_id FROM TAP_UPLOAD.mine AS m JOIN {SOURCES} AS g ON g.source_id = m.id"
    direct = tap.run_sync(query, uploads={"mine": mine})
    job = tap.submit_job(query)
    job.upload(mine=mine)
    job.run().wait(timeout=60)
    for rows in (direct, job.fetch_result()):
        assert sorted(rows["source_id"]) == list(mine["id"])
    job.delete()


def test_a_cone_search_gives_the_sources_of_the_cone(cone: pyvo.dal.SCSService, truth: Table) -> None:
    rows = cone.search(pos=PLEIADES, radius=RADIUS * u.deg)
    assert sorted(map(int, (row.id for row in rows))) == list(truth["source_id"])
    first = next(row for row in rows if int(row.id) == truth["source_id"][0])
    assert first.pos.separation(SkyCoord(truth["ra"][0], truth["dec"][0], unit="deg")) < 1e-6 * u.arcsec


def test_a_cone_search_has_more_columns_when_it_is_asked_for_them(cone: pyvo.dal.SCSService) -> None:
    few, some, all_ = (len(cone.search(PLEIADES, RADIUS, verbosity=level).fieldnames) for level in (1, 2, 3))
    assert few <= some < all_
    query = cone.create_query(pos=PLEIADES, radius=RADIUS, verbosity=1)
    assert (query.radius, query.verbosity) == (RADIUS, 1)
    assert len(query.execute().fieldnames) == few
    names = [column.name for column in cone.columns]
    assert {"source_id", "ra", "dec"} <= set(names)


def test_links_lead_to_the_products_of_each_source(tap: pyvo.dal.TAPService, ready: Ready, variable: int) -> None:
    rows = tap.run_sync(f"SELECT source_id FROM {SOURCES} WHERE source_id = {variable}")
    # In batches pyvo compares the names of links, which are texts, with the identifiers of rows, which are numbers.
    [links] = list(rows.iter_datalinks(preserve_order=True))
    good = [link for link in links if not link.error_message]
    assert [(link["ID"], link["local_semantics"]) for link in good] == [(str(variable), "EPOCH_PHOTOMETRY")]
    assert len(links) == 5
    assert {link.semantics for link in links} == set(links["semantics"])
    direct = DatalinkService(f"{ready.vo_url}/data-server/datalink/links").run_sync(str(variable))
    assert isinstance(direct, DatalinkResults)
    assert sorted(direct["access_url"]) == sorted(links["access_url"])
    # With the narrower ones pyvo would ask for the vocabulary, over the network.
    same = list(direct.bysemantics(good[0].semantics, include_narrower=False))
    assert {link["ID"] for link in same} == {str(variable)}
    assert len(links.clone_byid(str(variable))) == len(links)
    curve = Table.read(io.BytesIO(good[0].getdataset().read()), format="votable")
    assert set(curve["source_id"]) == {variable}


def test_a_result_names_the_service_of_its_links(tap: pyvo.dal.TAPService, ready: Ready) -> None:
    rows = tap.run_sync(WITHOUT_VALUES)
    [service] = list(rows.iter_adhocservices())
    [url] = [parameter.value for parameter in service.params if parameter.name == "accessURL"]
    assert url == f"{ready.vo_url}/data-server/datalink/links"
    assert rows.get_adhocservice_by_ivoid("ivo://ivoa.net/std/datalink").ID == service.ID
    assert rows.get_adhocservice_by_id(service.ID).ID == service.ID
