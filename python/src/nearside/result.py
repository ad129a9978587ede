"""The answer to one query: an Arrow table that turns into what a notebook works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from nearside import display, fields

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from astropy.table import QTable, Table


class Result:
    """Rows and columns of one query, held in memory as Arrow.

    Nothing is copied until a conversion asks for it. ``len(result)`` is the number of rows. A Result
    is also an Arrow stream by itself: ``pyarrow.table(result)``, ``polars.DataFrame(result)``.
    """

    def __init__(self, table: pa.Table):
        self._table = table

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return self._table.column_names

    @property
    def simulated(self) -> bool:
        """Whether these rows are of the simulated sky and of no telescope."""
        return fields.simulated(self._table.schema)

    def to_arrow(self) -> pa.Table:
        """The `pyarrow.Table` itself. Field metadata holds ``unit``, ``ucd`` and ``description``."""
        return self._table

    def to_astropy(self, *, quantities: bool = False) -> Table | QTable:
        """An astropy Table with units, descriptions and UCDs (``column.meta["ucd"]``).

        Columns that have nulls are masked. A struct of lists, such as ``transits`` of epoch
        photometry, becomes one column per quantity; its cells are numpy arrays, one element per
        transit, with NaN (floats) or a mask (others) for nulls.

        Args:
            quantities: make a QTable, whose columns with units are Quantities.
        """
        from nearside import astropy_table

        return astropy_table.build(self._table, quantities=quantities)

    def to_pandas(self) -> pd.DataFrame:
        """A pandas DataFrame; with epoch columns a nested-pandas NestedFrame.

        Integers and booleans with nulls become ``Int64`` and ``boolean``, never floats: a source_id
        keeps its last digits. Units are in ``frame.attrs["units"]``.
        """
        from nearside import pandas_frame

        return pandas_frame.build(self._table)

    def to_polars(self) -> pl.DataFrame:
        """A polars DataFrame, without copying. Polars keeps no units."""
        import polars

        frame = polars.from_arrow(self._table)
        assert isinstance(frame, polars.DataFrame)
        return frame

    def __len__(self) -> int:
        return self._table.num_rows

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return display.as_text(self._table)

    def _repr_html_(self) -> str:
        return display.as_html(self._table)
