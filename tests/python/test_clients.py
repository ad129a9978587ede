"""The Flight server as the clients see it that people have: ADBC, pyarrow, and the nearside package."""

from __future__ import annotations

import adbc_driver_flightsql.dbapi as flight_sql
import nearside
import pyarrow as pa
import pytest
from adbc_driver_flightsql import DatabaseOptions
from platform_process import Ready
from pyarrow import flight

COUNT = "SELECT count(*) AS n FROM gaiadr3.gaia_source"
CONE = "SELECT source_id, ra, dec, parallax FROM gaiadr3.gaia_source WHERE cone(ra, dec, 56.75, 24.12, 2.0)"


def adbc(ready: Ready) -> flight_sql.Connection:
    options = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {ready.token}"}
    return flight_sql.connect(ready.flight_url, db_kwargs=options, autocommit=True)


def flight_options(token: str) -> flight.FlightCallOptions:
    return flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])


def rows_of(ready: Ready, command: bytes) -> pa.Table:
    options = flight_options(ready.token)
    with flight.connect(ready.flight_url) as client:
        info = client.get_flight_info(flight.FlightDescriptor.for_command(command), options)
        return pa.concat_tables(client.do_get(end.ticket, options).read_all() for end in info.endpoints)


def statement_query(sql: str) -> bytes:
    """Flight SQL's CommandStatementQuery (field 1, the text) in a protobuf Any."""

    def text(number: int, value: bytes) -> bytes:
        assert len(value) < 2**14
        low, high = len(value) % 128, len(value) // 128
        size = bytes([low | 128, high]) if high else bytes([low])
        return bytes([number << 3 | 2]) + size + value

    name = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
    return text(1, name) + text(2, text(1, sql.encode()))


def test_adbc_and_nearside_read_the_same_rows(ready: Ready, sky: nearside.Connection) -> None:
    with adbc(ready) as connection, connection.cursor() as cursor:
        cursor.execute(CONE)
        by_adbc = cursor.fetch_arrow_table()

    by_nearside = sky.sql(CONE).to_arrow()

    assert by_adbc.num_rows > 100
    assert by_adbc.sort_by("source_id").equals(by_nearside.sort_by("source_id"))


def test_adbc_lists_catalogues_schemas_tables_and_columns(ready: Ready) -> None:
    with adbc(ready) as connection:
        catalogs = connection.adbc_get_objects(depth="all").read_all().to_pylist()

    schemas = [schema for catalog in catalogs for schema in catalog["catalog_db_schemas"]]
    tables = {f"{s['db_schema_name']}.{t['table_name']}": t for s in schemas for t in s["db_schema_tables"]}
    assert {"gaiadr3.gaia_source", "gaiadr3.epoch_photometry", "gaiadr3.vari_rrlyrae"} <= tables.keys()
    columns = {column["column_name"] for column in tables["gaiadr3.gaia_source"]["table_columns"]}
    assert {"source_id", "ra", "dec", "parallax", "pmra", "pmdec", "phot_g_mean_mag", "bp_rp"} <= columns


def test_raw_sql_and_a_statement_query_are_the_same_command(ready: Ready) -> None:
    assert rows_of(ready, COUNT.encode()).equals(rows_of(ready, statement_query(COUNT)))


def test_the_sample_has_two_million_sources_and_says_that_it_is_simulated(sky: nearside.Connection) -> None:
    assert sky.sql(COUNT).to_arrow()["n"].to_pylist()[0] >= 2_000_000
    assert "simulated sky" in repr(sky.sql("SELECT * FROM gaiadr3.gaia_source LIMIT 1"))


def test_units_and_ucds_survive_to_astropy(sky: nearside.Connection) -> None:
    columns = ["source_id", "ra", "parallax", "pmra", "phot_g_mean_mag", "radial_velocity"]

    table = sky.cone(56.75, 24.12, 1, columns=columns).to_astropy()

    units = {name: str(table[name].unit) for name in columns}
    assert units == {
        "source_id": "None",
        "ra": "deg",
        "parallax": "mas",
        "pmra": "mas / yr",
        "phot_g_mean_mag": "mag",
        "radial_velocity": "km / s",
    }
    assert table["parallax"].meta["ucd"].startswith("pos.parallax")
    assert table["radial_velocity"].mask.any(), "faint stars have no radial velocity"


def test_light_curves_keep_the_order_of_the_ids_and_name_the_missing(sky: nearside.Connection) -> None:
    ids = sky.sql("SELECT source_id FROM gaiadr3.vari_rrlyrae ORDER BY source_id LIMIT 30").to_arrow()
    asked = [1, *reversed(ids["source_id"].to_pylist())]

    curves = sky.light_curves(asked)

    assert (curves.source_ids, curves.missing) == (asked[1:], [1])
    curve = curves.band(asked[1], "G").clean()
    assert len(curve) > 10
    assert (curve.time[1:] > curve.time[:-1]).all()


def test_the_tables_are_listed_with_their_number_of_columns(sky: nearside.Connection) -> None:
    tables = {row["table"]: row["columns"] for row in sky.tables().to_arrow().to_pylist()}
    assert {"gaiadr3.gaia_source", "gaiadr3.epoch_photometry", "gaiadr3.vari_rrlyrae"} <= tables.keys()
    assert tables["gaiadr3.gaia_source"] >= 20


def test_a_misspelled_table_is_answered_with_the_right_name_and_a_caret(sky: nearside.Connection) -> None:
    with pytest.raises(nearside.QueryError) as refused:
        sky.sql("SELECT ra\nFROM gaiadr3.gaia_sourc")

    assert str(refused.value).splitlines() == [
        "no such table gaiadr3.gaia_sourc; did you mean gaiadr3.gaia_source?",
        "line 2, column 6:",
        "  FROM gaiadr3.gaia_sourc",
        "       ^",
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE gaiadr3.mine AS SELECT 1",
        "CREATE TABLE mine (n INT)",
        "DROP TABLE gaiadr3.gaia_source",
        "COPY gaiadr3.gaia_source TO 'stolen.csv'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * FROM '/etc/passwd'",
        "CREATE EXTERNAL TABLE f STORED AS CSV LOCATION '/etc/passwd'",
    ],
)
def test_only_reading_the_catalogue_is_possible(sky: nearside.Connection, sql: str) -> None:
    with pytest.raises(nearside.NearsideError):
        sky.sql(sql)


def test_a_bad_token_is_refused_with_what_to_do(ready: Ready) -> None:
    with nearside.connect(ready.flight_url, "no.such.token") as sky, pytest.raises(nearside.TokenRefused) as refused:
        sky.sql(COUNT)
    assert "get a new one" in str(refused.value)


def test_a_token_with_another_signature_is_refused(ready: Ready) -> None:
    head, _, signature = ready.token.rpartition(".")
    forged = f"{head}.{signature[::-1]}"
    with flight.connect(ready.flight_url) as client, pytest.raises(flight.FlightUnauthenticatedError):
        client.get_flight_info(flight.FlightDescriptor.for_command(COUNT), flight_options(forged))


def test_no_token_is_refused_like_a_bad_one(ready: Ready) -> None:
    with flight.connect(ready.flight_url) as client, pytest.raises(flight.FlightUnauthenticatedError):
        client.get_flight_info(flight.FlightDescriptor.for_command(COUNT))
