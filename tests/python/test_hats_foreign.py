"""Catalogues that hats-import and LSDB write with their defaults open in Nearside, and answer as they do there."""

from __future__ import annotations

from pathlib import Path

import hats_peers
import lsdb
import nearside
import pandas as pd
import pyarrow as pa
import pytest
from conftest import Start
from hats_import.catalog.arguments import ImportArguments
from hats_import.collection.arguments import CollectionArguments
from pyarrow import parquet

STARS = 5_000
MARGIN_ARCSEC = 3600.0

# Every table, and its rows.
TABLES = {
    "collection": STARS,
    "curves": STARS,
    "epochs": 3 * STARS,
    "nested": STARS,
    "plain": STARS,
    "unindexed": STARS,
}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Stars, with names of their positions that are nobody's default."""
    return hats_peers.stars(STARS).rename(columns={"ra": "RAJ2000", "dec": "DEJ2000"})


@pytest.fixture(scope="module")
def data(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a collection, tables of two layouts, and nested light curves, none of them ours."""
    data = tmp_path_factory.mktemp("foreign")
    files = tmp_path_factory.mktemp("rows")
    rows.to_csv(files / "stars.csv", index=False)
    epochs = rows.loc[rows.index.repeat(3)].assign(mjd=range(3 * STARS))
    epochs.to_parquet(files / "epochs.parquet", index=False)
    curves = pa.array([[{"mjd": 3.0 * star + i, "mag": 15.5} for i in range(3)] for star in range(STARS)])
    parquet.write_table(pa.Table.from_pandas(rows).append_column("curve", curves), files / "curves.parquet")

    def source(name: str, file: str, **options: object) -> ImportArguments:
        return ImportArguments(
            output_path=data,
            output_artifact_name=name,
            input_file_list=[files / file],
            file_reader=file.rsplit(".")[-1],
            ra_column="RAJ2000",
            dec_column="DEJ2000",
            progress_bar=False,
            **options,
        )

    collection = CollectionArguments(output_path=data, output_artifact_name="collection", progress_bar=False)
    collection = collection.catalog(
        input_file_list=[files / "stars.csv"],
        file_reader="csv",
        ra_column="RAJ2000",
        dec_column="DEJ2000",
        pixel_threshold=1_000,
    ).add_margin(margin_threshold=MARGIN_ARCSEC, is_default=True)
    hats_peers.run(
        collection,
        source("plain", "stars.csv"),
        source("unindexed", "stars.csv", add_healpix_29=False, npix_suffix="/"),
        source("curves", "curves.parquet"),
        source("epochs", "epochs.parquet", catalog_type="source"),
    )
    objects = lsdb.open_catalog(data / "plain")
    nested = objects.join_nested(
        lsdb.open_catalog(data / "epochs"), left_on="name", right_on="name", nested_column_name="lc"
    )
    nested.write_catalog(data / "nested", catalog_name="nested", as_collection=False)
    return data


@pytest.fixture(scope="module")
def engine(start: Start, data: Path) -> nearside.Connection:
    """A connection to a platform that serves the directory."""
    ready = start(data).ready()
    return nearside.connect(ready.flight_url, ready.token)


def count(engine: nearside.Connection, what: str) -> int:
    return engine.sql(f"SELECT count(*) AS n FROM {what}").to_arrow()["n"].to_pylist()[0]


def test_all_of_them_are_tables_and_the_margin_is_none(engine: nearside.Connection) -> None:
    tables = [row["table"] for row in engine.tables().to_arrow().to_pylist()]
    assert sorted(tables) == [f"hats.{name}" for name in sorted(TABLES)]


def test_every_row_is_counted_once(engine: nearside.Connection) -> None:
    assert {name: count(engine, f"hats.{name}") for name in TABLES} == TABLES


@pytest.mark.parametrize("table", ["collection", "plain", "unindexed"])
@pytest.mark.parametrize("cone", [(0.0, 0.0, 5.0), (120.0, 89.5, 3.0), (200.0, -30.0, 10.0)])
def test_a_cone_has_the_rows_that_lsdb_finds(
    engine: nearside.Connection, data: Path, table: str, cone: tuple[float, float, float]
) -> None:
    expected = hats_peers.cone(data / table, *cone)

    where = f'WHERE cone("RAJ2000", "DEJ2000", {", ".join(map(str, cone))})'
    found = engine.sql(f"SELECT name, mag FROM hats.{table} {where}").to_pandas()

    assert len(expected) > 0
    assert sorted(zip(found.name, found.mag, strict=True)) == sorted(zip(expected.name, expected.mag, strict=True))


def test_a_row_is_found_by_an_id_that_is_text(engine: nearside.Connection, rows: pd.DataFrame) -> None:
    found = engine.sql("""SELECT "RAJ2000" AS ra, mag FROM hats.collection WHERE name = 'star 4321'""").to_pandas()
    assert found.to_numpy().tolist() == [rows.loc[4321, ["RAJ2000", "mag"]].tolist()]


def test_light_curves_as_structures_of_lists_have_their_values(engine: nearside.Connection) -> None:
    curve = engine.sql("SELECT lc['mjd'] AS mjd FROM hats.nested WHERE name = 'star 10'").to_arrow()
    assert sorted(curve["mjd"].to_pylist()[0]) == [30, 31, 32]


def test_light_curves_as_lists_of_structures_have_their_values(engine: nearside.Connection) -> None:
    curve = engine.sql("SELECT curve, curve[2]['mjd'] AS mjd FROM hats.curves WHERE name = 'star 10'").to_arrow()
    assert [row["mjd"] for row in curve["curve"].to_pylist()[0]] == [30.0, 31.0, 32.0]
    assert curve["mjd"].to_pylist() == [31.0]
