"""Arrow tables as astropy tables, with units, UCDs and masks.

Columns of lists become object columns of numpy arrays, which astropy can write to VOTable. Values
are not converted: a magnitude stays a magnitude, a time stays the number that the catalogue has.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from nearside import fields

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.units import UnitBase


def build(table: pa.Table, *, quantities: bool) -> Table:
    """An astropy Table, or a QTable with ``quantities``. See `Result.to_astropy`."""
    from astropy.table import QTable, Table

    columns = [_column(field, array) for field, array in fields.leaves(table)]
    meta: dict[str, Any] = {key.decode(): value.decode() for key, value in _own_metadata(table.schema).items()}
    if fields.simulated(table.schema):
        meta["simulated"] = True
    return (QTable if quantities else Table)(columns, meta=meta)


def _own_metadata(schema: pa.Schema) -> dict[bytes, bytes]:
    return {key: value for key, value in (schema.metadata or {}).items() if key == b"description"}


def _column(field: pa.Field, array: pa.ChunkedArray) -> Any:
    from astropy.table import Column, MaskedColumn

    ucd = fields.text(field, "ucd")
    about = {
        "name": field.name,
        "unit": unit(fields.text(field, "unit")),
        "description": fields.text(field, "description"),
        "meta": {"ucd": ucd} if ucd else {},
    }
    values, mask = values_and_mask(array)
    return Column(values, **about) if mask is None else MaskedColumn(values, mask=mask, **about)


def unit(text: str | None) -> UnitBase | None:
    """A VOUnit text as an astropy unit. A unit that astropy does not know is kept by its name."""
    if not text:
        return None
    from astropy import units

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", units.UnitsWarning)
        return units.Unit(text, format="vounit", parse_strict="silent")


def values_and_mask(array: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray | None]:
    """The values as a numpy array, and which of them are null (None when none is).

    Under the mask lies NaN for floats, zero for integers, False, or an empty text.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        return values_and_mask(array.cast(kind.value_type))
    mask = np.asarray(array.is_null()) if array.null_count else None
    if fields.is_list(kind):
        return _lists(array), mask
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.array(array.fill_null("").to_pylist(), dtype=str), mask
    if pa.types.is_floating(kind):
        return array.fill_null(np.nan).to_numpy() if mask is not None else array.to_numpy(), mask
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return array.fill_null(False if pa.types.is_boolean(kind) else 0).to_numpy(), mask
    if pa.types.is_temporal(kind) and mask is None:
        return array.to_numpy(), None
    values = np.empty(len(array), dtype=object)
    values[:] = array.to_pylist()
    return values, mask


def _lists(array: pa.ChunkedArray) -> np.ndarray:
    values = np.empty(len(array), dtype=object)
    for row, scalar in enumerate(array):
        values[row] = elements(scalar.values) if scalar.is_valid else np.empty(0)
    return values


def elements(array: pa.Array) -> np.ndarray:
    """One list as a numpy array; nulls are NaN in floats and masked in everything else."""
    values, mask = values_and_mask(pa.chunked_array([array]))
    if mask is None or values.dtype.kind == "f":
        return values
    return np.ma.MaskedArray(values, mask)
