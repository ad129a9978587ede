"""What Arrow's metadata says about columns and tables: unit, UCD, description, simulated.

The server sends it with every schema; all conversions read it here.
"""

from __future__ import annotations

import pyarrow as pa


def text(field: pa.Field, key: str) -> str | None:
    """One entry (``unit``, ``ucd`` or ``description``) of a field's metadata; None when absent or empty."""
    value = (field.metadata or {}).get(key.encode())
    return value.decode("utf-8", "replace") if value else None


def simulated(schema: pa.Schema) -> bool:
    """Whether the rows are of the simulated sky and of no telescope."""
    return (schema.metadata or {}).get(b"nearside.simulated") == b"true"


def is_list(kind: pa.DataType) -> bool:
    """Whether a value of this type is a list of any kind."""
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def is_nested(kind: pa.DataType) -> bool:
    """Whether this is a struct of lists: the epochs of one source, one list per quantity."""
    return pa.types.is_struct(kind) and kind.num_fields > 0 and all(is_list(child.type) for child in kind)


def leaves(table: pa.Table) -> list[tuple[pa.Field, pa.ChunkedArray]]:
    """The columns, with every struct replaced by its children.

    A child is named alone (``g_transit_mag``) where no other column has its name, and
    ``parent.child`` otherwise.
    """
    found = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if not pa.types.is_struct(field.type):
            found.append((field, column))
            continue
        children = [pa.chunked_array(parts, child.type) for child, parts in _children(field, column)]
        for child, array in zip(field.type, children, strict=True):
            name = child.name if _is_unique(table.schema, child.name) else f"{field.name}.{child.name}"
            found.append((child.with_name(name), array))
    return found


def _children(field: pa.Field, column: pa.ChunkedArray) -> list[tuple[pa.Field, list[pa.Array]]]:
    flat = [chunk.flatten() for chunk in column.chunks]
    return [(child, [chunk[i] for chunk in flat]) for i, child in enumerate(field.type)]


def _is_unique(schema: pa.Schema, name: str) -> bool:
    inner = [child.name for field in schema if pa.types.is_struct(field.type) for child in field.type]
    return [*schema.names, *inner].count(name) == 1
