"""Tables that people make beside the catalogue, through the clients that they have: ADBC, pandas and pyarrow.flight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import adbc_driver_flightsql.dbapi as flight_sql
import adbc_driver_manager
import nearside
import pandas as pd
import parts
import pyarrow as pa
import pytest
from conftest import Start
from platform_process import Ready
from pyarrow import flight
from test_clients import adbc, flight_options

STARS = pa.table(
    {
        "name": ["Alcyone", "Atlas", "Electra", "Maia"],
        "ra": [56.871, 57.291, 56.219, 56.457],
        "dec": [24.105, 24.053, 24.113, 24.368],
        "mag": pa.array([2.87, 3.63, None, 3.87]),
    }
)


@pytest.fixture
def maria(ready: Ready) -> Iterator[flight_sql.Connection]:
    with adbc(ready) as connection:
        yield connection
        for table in tables(connection):
            run(connection, f"DROP TABLE {table}")


def tables(connection: flight_sql.Connection) -> list[str]:
    """The names of the tables in user space."""
    catalogs = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
    schemas = [schema for catalog in catalogs for schema in catalog["catalog_db_schemas"]]
    own = [schema for schema in schemas if schema["db_schema_name"].startswith("user_")]
    return [f'"{s["db_schema_name"]}"."{t["table_name"]}"' for s in own for t in s["db_schema_tables"]]


def run(connection: flight_sql.Connection, sql: str) -> pa.Table:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def ingest(connection: flight_sql.Connection, table: str, data: pa.Table, mode: str = "create") -> int:
    with connection.cursor() as cursor:
        return cursor.adbc_ingest(table, data, mode=mode)


def space(ready: Ready) -> str:
    return f'"user_{ready.user}"'


def test_an_ingested_table_comes_back_as_it_went(ready: Ready, maria: flight_sql.Connection) -> None:
    others = tables(maria)

    assert ingest(maria, "pleiades", STARS) == 4

    assert run(maria, f"SELECT * FROM {space(ready)}.pleiades").equals(STARS)
    assert tables(maria) == sorted([*others, f'{space(ready)}."pleiades"'])


@pytest.mark.parametrize(("mode", "expected"), [("append", 8), ("create_append", 8), ("replace", 4)])
def test_each_mode_of_ingest_does_what_adbc_says(
    ready: Ready, maria: flight_sql.Connection, mode: str, expected: int
) -> None:
    ingest(maria, "pleiades", STARS)
    with pytest.raises(adbc_driver_manager.Error, match="exists already: drop it, replace it"):
        ingest(maria, "pleiades", STARS)

    ingest(maria, "pleiades", STARS, mode)

    assert run(maria, f"SELECT count(*) AS n FROM {space(ready)}.pleiades")["n"].to_pylist() == [expected]


def test_append_needs_a_table_and_its_columns(maria: flight_sql.Connection) -> None:
    with pytest.raises(adbc_driver_manager.Error, match="no such table user_.*.pleiades"):
        ingest(maria, "pleiades", STARS, "append")
    ingest(maria, "pleiades", STARS)
    with pytest.raises(adbc_driver_manager.Error, match="they have 3 columns, and it has 4"):
        ingest(maria, "pleiades", STARS.drop_columns("mag"), "append")


def test_stars_of_ones_own_are_crossmatched_with_gaia(ready: Ready, maria: flight_sql.Connection) -> None:
    seed = run(maria, "SELECT source_id, ra, dec FROM gaiadr3.gaia_source WHERE cone(ra, dec, 56.75, 24.12, 1)")
    ingest(maria, "mine", seed.rename_columns(["my_id", "ra", "dec"]))

    matched = run(
        maria,
        f"SELECT my_id, source_id FROM crossmatch({space(ready)}.mine, gaiadr3.gaia_source, radius_arcsec => 0.01)",
    )

    assert sorted(matched["my_id"].to_pylist()) == sorted(seed["source_id"].to_pylist())
    assert matched["my_id"].to_pylist() == matched["source_id"].to_pylist()


def test_a_data_frame_of_a_million_rows_is_one_ingest(ready: Ready, maria: flight_sql.Connection) -> None:
    frame = pd.DataFrame({"n": range(1_000_000), "x": 0.5})

    assert frame.to_sql("frame", maria, index=False) == 1_000_000

    assert run(maria, f"SELECT sum(n) AS s FROM {space(ready)}.frame")["s"].to_pylist() == [499_999_500_000]


def test_a_query_becomes_a_table_with_its_units(ready: Ready, sky: nearside.Connection) -> None:
    sky.sql("CREATE OR REPLACE TABLE near AS SELECT source_id, parallax FROM gaiadr3.gaia_source LIMIT 10")

    near = sky.sql(f"SELECT * FROM {space(ready)}.near").to_astropy()

    assert (len(near), str(near["parallax"].unit)) == (10, "mas")
    sky.sql("DROP TABLE near")
    with pytest.raises(nearside.QueryError, match="no such table"):
        sky.sql(f"SELECT * FROM {space(ready)}.near")


def test_rows_arrive_by_plain_flight_too(ready: Ready, maria: flight_sql.Connection) -> None:
    with flight.connect(ready.flight_url) as client:
        descriptor = flight.FlightDescriptor.for_command(ingest_command("plain"))
        writer, _ = client.do_put(descriptor, STARS.schema, flight_options(ready.token))
        with writer:
            writer.write_table(STARS, max_chunksize=1)

    assert run(maria, f"SELECT * FROM {space(ready)}.plain").equals(STARS)


def test_columns_that_differ_in_capitals_alone_are_refused(maria: flight_sql.Connection) -> None:
    with pytest.raises(adbc_driver_manager.Error, match="columns 1 and 2 are both named RA: rename one"):
        ingest(maria, "t", pa.table({"ra": [1], "RA": [2]}))
    assert tables(maria) == []


def test_tables_survive_a_kill_and_are_their_owners_alone(start: Start, tmp_path: Path) -> None:
    state = tmp_path.resolve() / "state"
    platform = start(parts.sample(), "--user", "maria", state=state)
    with adbc(platform.ready()) as connection:
        ingest(connection, "pleiades", STARS)
    platform.kill()

    platform = start(parts.sample(), "--user", "vera", state=state)
    with adbc(platform.ready()) as connection:
        assert tables(connection) == []
        errors = [refusal(connection, f"SELECT * FROM user_maria.{table}") for table in ["pleiades", "never"]]
    assert errors[0].replace("pleiades", "never") == errors[1]
    platform.stop()

    with adbc(start(parts.sample(), "--user", "maria", state=state).ready()) as connection:
        assert run(connection, "SELECT * FROM user_maria.pleiades").equals(STARS)


def refusal(connection: flight_sql.Connection, sql: str) -> str:
    with pytest.raises(adbc_driver_manager.Error) as refused:
        run(connection, sql)
    return str(refused.value).splitlines()[0]


def ingest_command(table: str) -> bytes:
    """Flight SQL's CommandStatementIngest in a protobuf Any: options (1: create, fail), and the table's name (2)."""

    def field(number: int, value: bytes) -> bytes:
        assert len(value) < 128
        return bytes([number << 3 | 2, len(value)]) + value

    options = bytes([1 << 3, 1, 2 << 3, 1])
    name = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementIngest"
    return field(1, name) + field(2, field(1, options) + field(2, table.encode()))
