"""Products of sources through the nearside package: what there is, and why the rest is missing."""

from __future__ import annotations

import nearside
import pytest

STRANGER = 4295806720


def test_every_source_has_a_row_with_a_product_or_a_reason(sky: nearside.Connection) -> None:
    with_curve = sky.sql("SELECT source_id FROM gaiadr3.epoch_photometry ORDER BY 1 LIMIT 1500").to_arrow()
    asked = [*with_curve["source_id"].to_pylist(), STRANGER]

    found = sky.products(asked, "EPOCH_PHOTOMETRY").to_arrow()

    assert sorted(found["source_id"].to_pylist()) == sorted(asked)
    rows = {row["source_id"]: row for row in found.to_pylist()}
    assert rows[STRANGER]["missing"] == "no such source_id in gaiadr3.gaia_source"
    assert rows[STRANGER]["epoch_photometry"] is None
    curves = [rows[one] for one in asked if one != STRANGER]
    assert all(row["missing"] is None and row["epoch_photometry"]["n_transits"] > 0 for row in curves)


def test_no_source_and_no_type_are_refused(sky: nearside.Connection) -> None:
    with pytest.raises(ValueError, match="which sources"):
        sky.products([])
    with pytest.raises(nearside.QueryError, match="no such retrieval type 'MCMC_MSC'"):
        sky.products(1, "MCMC_MSC")
