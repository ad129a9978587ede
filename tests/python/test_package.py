"""The nearside package by itself: what it writes into SQL, how it reads errors, what conversions keep."""

from __future__ import annotations

import subprocess
import sys

import nearside
import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from nearside import errors, progress, sql

TOO_LONG_FOR_A_FLOAT = 4295806720 * 2**30 + 1


def table() -> pa.Table:
    """Two rows with units, nulls, and the epochs of one source."""
    epochs = pa.struct([pa.field("g_transit_mag", pa.list_(pa.float32()), metadata={"unit": "mag"})])
    schema = pa.schema(
        [
            pa.field("source_id", pa.int64()),
            pa.field("parallax", pa.float64(), metadata={"unit": "mas", "ucd": "pos.parallax.trig"}),
            pa.field("nobs", pa.int64()),
            pa.field("transits", epochs),
        ],
        metadata={"nearside.simulated": "true"},
    )
    rows = [
        {"source_id": TOO_LONG_FOR_A_FLOAT, "parallax": 7.378, "nobs": TOO_LONG_FOR_A_FLOAT},
        {"source_id": 2, "parallax": None, "nobs": None},
    ]
    rows[0]["transits"] = {"g_transit_mag": [12.5, None]}
    rows[1]["transits"] = {"g_transit_mag": []}
    return pa.Table.from_pylist(rows, schema=schema)


def test_importing_it_loads_no_large_library() -> None:
    check = "import nearside, sys; print([m for m in ('astropy', 'pandas', 'polars', 'IPython') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_angles_are_degrees_or_astropy_angles() -> None:
    expected = "cone(ra, dec, 56.75, 24.12, 0.5)"
    assert sql.cone(56.75, 24.12, 0.5) == expected
    assert sql.cone(56.75 * units.deg, 24.12 * units.deg, 30 * units.arcmin) == expected
    assert sql.cone(SkyCoord(56.75, 24.12, unit="deg"), None, 0.5) == expected


@pytest.mark.parametrize("arguments", [(0, 91, 1), (0, 0, 0), (0, 0, 181), (float("nan"), 0, 1), (0, float("inf"), 1)])
def test_an_impossible_cone_is_refused(arguments: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"dec|radius|ra is"):
        sql.cone(*arguments)


@pytest.mark.parametrize("name", ['a"; DROP TABLE b', "a b", "", "a..b", "1a", "a-b", "é"])
def test_a_name_cannot_go_on_as_sql(name: str) -> None:
    with pytest.raises(ValueError, match="is no table or column name"):
        sql.select(name, None, "true")


@pytest.mark.parametrize("ids", [1.0, [1, 2.0], np.array([1.5]), ["1"], "1", [True], [None]])
def test_ids_that_are_no_integers_are_refused(ids: object) -> None:
    with pytest.raises(TypeError):
        sql.source_ids(ids)


def test_retrieval_types_cannot_go_on_as_sql() -> None:
    assert sql.retrieval_types("RVS,  XP_SAMPLED") == sql.retrieval_types(["RVS", "XP_SAMPLED"]) == "RVS, XP_SAMPLED"
    for types in ("RVS'); SELECT", "", ["RVS", "a b"]):
        with pytest.raises(ValueError, match="is no retrieval type"):
            sql.retrieval_types(types)


def test_ids_come_from_any_kind_of_sequence_once_each() -> None:
    expected = [3, 1]
    for ids in ([3, 1, 3], (3, 1), np.array([3, 1, 1]), pa.array([3, 1]), pa.chunked_array([[3], [1]])):
        assert sql.source_ids(ids) == expected
    assert sql.source_ids(7) == [7]


def test_an_error_is_the_servers_message_with_its_caret_and_nothing_else() -> None:
    message = "unknown column 'rra'\n\n  SELECT rra FROM t\n         ^"
    noise = ". gRPC client debug context: UNKNOWN:Error received from peer {grpc_status:3}. Client context: OK"
    raised = pa.ArrowInvalid(f"Flight returned invalid argument error, with message: {message}{noise}")

    error = errors.from_flight(raised, "grpc://h:1")

    assert (type(error), str(error)) == (nearside.QueryError, message)


def test_without_address_both_ways_to_connect_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEARSIDE_FLIGHT_URL", raising=False)
    with pytest.raises(nearside.NotConnected) as missing:
        nearside.connect()
    assert "Inside a Nearside lab" in str(missing.value)
    assert "Elsewhere" in str(missing.value)


def test_the_token_of_a_lab_goes_to_the_lab_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEARSIDE_FLIGHT_URL", "grpc://127.0.0.1:1")
    monkeypatch.setenv("NEARSIDE_TOKEN_FILE", "/nonexistent")
    with pytest.raises(nearside.NotConnected, match="no token for grpc://elsewhere:1"):
        nearside.connect("grpc://elsewhere:1")


def test_nothing_listening_is_said_with_the_address() -> None:
    with (
        nearside.connect("grpc://127.0.0.1:1", "token") as sky,
        pytest.raises(nearside.Unreachable, match="at grpc://127"),
    ):
        sky.sql("SELECT 1")


def test_astropy_gets_units_ucds_masks_and_arrays() -> None:
    found = nearside.Result(table()).to_astropy()

    assert found.meta == {"simulated": True}
    assert (str(found["parallax"].unit), found["parallax"].meta) == ("mas", {"ucd": "pos.parallax.trig"})
    assert found["parallax"].mask.tolist() == [False, True]
    assert found["source_id"].tolist() == [TOO_LONG_FOR_A_FLOAT, 2]
    magnitudes = found["g_transit_mag"]
    assert str(magnitudes.unit) == "mag"
    assert magnitudes[0].dtype == np.float32
    assert np.array_equal(magnitudes[0], [12.5, np.nan], equal_nan=True)
    assert len(magnitudes[1]) == 0


def test_pandas_keeps_all_digits_of_integers_with_nulls() -> None:
    frame = nearside.Result(table()).to_pandas()

    assert frame["nobs"].iloc[0] == TOO_LONG_FOR_A_FLOAT
    assert frame["nobs"].isna().tolist() == [False, True]
    assert frame.attrs["units"] == {"parallax": "mas", "g_transit_mag": "mag"}
    assert len(frame["transits"].iloc[0]) == 2


def test_polars_and_arrow_get_the_same_rows() -> None:
    result = nearside.Result(table())
    assert result.to_polars().to_dicts() == result.to_arrow().to_pylist()
    assert pa.table(result).equals(result.to_arrow())


def test_what_comes_from_the_server_is_never_html() -> None:
    result = nearside.Result(pa.table({"<script>": ["<img src=x>"]}))
    assert "<script" not in result._repr_html_()
    assert "<img" not in result._repr_html_()


def test_a_simulated_result_says_so() -> None:
    result = nearside.Result(table())
    assert "simulated sky" in repr(result)
    assert "simulated sky" in result._repr_html_()


def test_only_slow_transfers_show_their_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def draw(share: float | None, text: str, last: bool) -> None:
        drawn.append(f"{share} {text.split(',')[0]}{' last' * last}")

    monkeypatch.setattr(progress, "_line", lambda: draw)
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])

    with progress.Progress(100) as line:
        line.update(10, 80)
        assert drawn == []
        now[0] = 2.0
        line.update(50, 400)

    assert drawn == ["0.5 50 rows", "1.0 50 rows last"]
