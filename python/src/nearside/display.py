"""How a result looks when it is the last line of a cell: its first rows, with units.

Everything from the server is escaped: a column name or a text value is never HTML.
"""

from __future__ import annotations

from html import escape
from typing import Any

import pyarrow as pa

from nearside import fields

SHOWN_ROWS = 10
SHOWN_COLUMNS = 20


def summary(table: pa.Table) -> str:
    """``1,234 rows, 10 columns``, and ``simulated sky`` where that is so."""
    rows = "1 row" if table.num_rows == 1 else f"{table.num_rows:,} rows"
    columns = "1 column" if table.num_columns == 1 else f"{table.num_columns} columns"
    return f"{rows}, {columns}" + (", simulated sky" if fields.simulated(table.schema) else "")


def as_text(table: pa.Table) -> str:
    """The summary, and one line per column with type, unit and description."""
    lines = [f"Result: {summary(table)}"]
    width = max((len(name) for name in table.column_names), default=0)
    for field in table.schema:
        unit, about = fields.text(field, "unit"), fields.text(field, "description")
        kind = "epochs" if fields.is_nested(field.type) else str(field.type)
        lines.append(
            f"  {field.name:<{width}}  {kind}" + (f" [{unit}]" if unit else "") + (f"  {about}" if about else "")
        )
    return "\n".join(lines)


def as_html(table: pa.Table) -> str:
    """The first rows as a table, with units under the names and the summary as caption."""
    shown = table.select(table.column_names[:SHOWN_COLUMNS]).slice(0, SHOWN_ROWS)
    names = "".join(
        f'<th title="{escape(fields.text(f, "description") or "")}">{escape(f.name)}</th>' for f in shown.schema
    )
    units = "".join(f"<td><i>{escape(fields.text(f, 'unit') or '')}</i></td>" for f in shown.schema)
    columns = [[_cell(scalar) for scalar in column] for column in shown.columns]
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in zip(*columns, strict=True))
    caption = escape(_caption(table, shown))
    head = f"<thead><tr>{names}</tr><tr>{units}</tr></thead>"
    return f"<table><caption>{caption}</caption>{head}<tbody>{rows}</tbody></table>"


def _caption(table: pa.Table, shown: pa.Table) -> str:
    parts = [f"first {shown.num_rows} of them"] if shown.num_rows < table.num_rows else []
    parts += [f"first {shown.num_columns} columns"] if shown.num_columns < table.num_columns else []
    return summary(table) + (f" (shown: {', '.join(parts)})" if parts else "")


def _cell(scalar: pa.Scalar) -> str:
    if not scalar.is_valid:
        return ""
    if fields.is_nested(scalar.type):
        return f"{max(len(values) for _, values in scalar.items())} epochs"
    if fields.is_list(scalar.type):
        return f"{len(scalar)} values"
    return escape(_text(scalar.as_py(), scalar.type))


def _text(value: Any, kind: pa.DataType) -> str:
    if pa.types.is_floating(kind):
        return f"{value:.7g}" if pa.types.is_float32(kind) else f"{value:.10g}"
    return str(value)
