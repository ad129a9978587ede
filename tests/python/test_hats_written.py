"""What Nearside writes is a HATS catalogue to the programs that define the format."""

from __future__ import annotations

import logging
from pathlib import Path

import hats
import hats_peers
import lsdb
import nearside
import pandas as pd
import pytest
from conftest import Start
from hats.io.validation import is_valid_catalog
from hats_import.margin_cache.margin_cache_arguments import MarginCacheArguments

SOURCES = 60_000
PLEIADES = (56.75, 24.12, 2.0)
ARCSEC = 1 / 3600


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the sample sky, and a table imported from CSV."""
    data = tmp_path_factory.mktemp("written")
    hats_peers.nearside("sample", data, "--sources", str(SOURCES))
    hats_peers.stars(4_000).to_csv(data / "stars.csv", index=False)
    hats_peers.nearside("import", "--data", data, "--table", "survey.stars", data / "stars.csv")
    return data


@pytest.fixture(scope="module")
def engine(start: Start, data: Path) -> nearside.Connection:
    """A connection to a platform that serves the directory."""
    ready = start(data).ready()
    return nearside.connect(ready.flight_url, ready.token)


def tables(data: Path) -> list[Path]:
    return sorted(properties.parent for properties in data.glob("*/*/hats.properties"))


def test_every_table_passes_the_strict_validation_without_a_warning(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert [table.name for table in tables(data)] == [
        "epoch_astrometry",
        "epoch_photometry",
        "gaia_source",
        "rvs_mean_spectrum",
        "vari_rrlyrae",
        "xp_continuous_mean_spectrum",
        "xp_sampled_mean_spectrum",
        "stars",
    ]
    with caplog.at_level(logging.WARNING):
        assert all(is_valid_catalog(table, strict=True) for table in tables(data))
    assert [record.message for record in caplog.records] == []


def test_hats_and_lsdb_see_as_many_rows_as_the_engine(data: Path, engine: nearside.Connection) -> None:
    for table in tables(data):
        name = f"{table.parent.name}.{table.name}"
        counted = engine.sql(f"SELECT count(*) AS n FROM {name}").to_arrow()["n"].to_pylist()[0]
        assert hats.read_hats(table).catalog_info.total_rows == counted
        assert len(lsdb.open_catalog(table)) == counted
        assert len(lsdb.open_catalog(table).compute()) == counted


def test_a_cone_has_the_same_rows_in_lsdb_and_in_the_engine(data: Path, engine: nearside.Connection) -> None:
    expected = hats_peers.cone(data / "gaiadr3/gaia_source", *PLEIADES).sort_values("source_id")

    found = engine.cone(*PLEIADES, columns=["source_id", "ra", "dec", "phot_g_mean_mag"]).to_pandas()

    assert len(expected) > 100
    found = found.sort_values("source_id").reset_index(drop=True)
    expected = expected[list(found.columns)].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected), check_dtype=False)


def test_light_curves_are_nested_columns_in_lsdb(data: Path, engine: nearside.Connection) -> None:
    epochs = lsdb.open_catalog(data / "gaiadr3/epoch_photometry")
    ours = engine.sql("SELECT * FROM gaiadr3.epoch_photometry LIMIT 1").to_arrow()
    assert len(epochs.nested_columns) > 0
    assert set(epochs.columns) == set(ours.column_names) - {"_healpix_29"}


def test_a_crossmatch_has_the_same_pairs_in_lsdb_and_in_the_engine(
    data: Path, engine: nearside.Connection, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gaia = data / "gaiadr3/gaia_source"
    shifted = f"dec + 0.3 * {ARCSEC}"
    moved = engine.sql(f"SELECT source_id AS number, ra, {shifted} AS dec FROM gaiadr3.gaia_source LIMIT 300")
    place = tmp_path_factory.mktemp("moved")
    moved.to_pandas().to_csv(place / "moved.csv", index=False)
    hats_peers.nearside("import", "--data", place, "--table", "survey.moved", place / "moved.csv")
    # LSDB needs the rows around each tile in a table of their own, which hats-import makes from ours.
    margin = MarginCacheArguments(
        input_catalog_path=gaia,
        output_path=data / "gaiadr3",
        output_artifact_name="margin",
        margin_threshold=10.0,
        progress_bar=False,
    )
    hats_peers.run(margin)
    right = lsdb.open_catalog(gaia, margin_cache=data / "gaiadr3/margin")

    matched = lsdb.open_catalog(place / "survey/moved").crossmatch(right, radius_arcsec=1, n_neighbors=5).compute()

    pairs = zip(matched.filter(like="number").iloc[:, 0], matched.filter(like="source_id").iloc[:, 0], strict=True)
    near = ", ".join(str(number) for number in moved.to_arrow()["number"].to_pylist())
    ours = engine.sql(
        "SELECT a.source_id AS number, b.source_id FROM gaiadr3.gaia_source a JOIN gaiadr3.gaia_source b"
        f" ON distance_deg(a.ra, a.dec + 0.3 * {ARCSEC}, b.ra, b.dec) < {ARCSEC} WHERE a.source_id IN ({near})"
    ).to_pandas()
    assert len(ours) >= 300
    assert sorted(pairs) == sorted(ours.itertuples(index=False, name=None))
