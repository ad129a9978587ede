"""Arrow tables as pandas frames, nested where a column holds the epochs of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from nearside import fields

if TYPE_CHECKING:
    import pandas as pd


def build(table: pa.Table) -> pd.DataFrame:
    """See `Result.to_pandas`."""
    import pandas as pd

    frame = pd.DataFrame({name: _series(table[name]) for name in table.column_names})
    nested = [field.name for field in table.schema if fields.is_nested(field.type)]
    if nested:
        from nested_pandas import NestedFrame

        frame = NestedFrame(frame)
    units = {field.name: fields.text(field, "unit") for field, _ in fields.leaves(table)}
    frame.attrs["units"] = {name: unit for name, unit in units.items() if unit}
    return frame


def _series(column: pa.ChunkedArray) -> pd.Series:
    import pandas as pd

    if fields.is_nested(column.type):
        from nested_pandas import NestedDtype

        return pd.Series(column.combine_chunks(), dtype=NestedDtype(column.type))
    return column.to_pandas(types_mapper=_nullable if column.null_count else None)


def _nullable(kind: pa.DataType) -> pd.api.extensions.ExtensionDtype | None:
    import pandas as pd

    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    if pa.types.is_integer(kind):
        return pd.array([], dtype=("UInt" if str(kind).startswith("u") else "Int") + str(kind.bit_width)).dtype
    return None
