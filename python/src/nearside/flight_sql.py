"""The one Flight SQL message that this package sends: CommandGetTables.

Written out byte by byte (protocol buffers, `google.protobuf.Any` around the command), so that no
protobuf library has to be installed. Queries need none: the server takes SQL text as the command.
"""

from __future__ import annotations

import pyarrow as pa

_TYPE_URL = b"type.googleapis.com/arrow.flight.protocol.sql.CommandGetTables"
# Field 5, include_schema = true.
_INCLUDE_SCHEMA = b"\x28\x01"


def get_tables() -> bytes:
    """The command that lists all tables that this user may see, each with its Arrow schema."""
    return b"\x0a" + bytes([len(_TYPE_URL)]) + _TYPE_URL + b"\x12" + bytes([len(_INCLUDE_SCHEMA)]) + _INCLUDE_SCHEMA


def overview(listing: pa.Table) -> pa.Table:
    """The answer to `get_tables` for people: columns ``table``, ``columns`` (how many), ``description``."""
    schemas = [pa.ipc.read_schema(pa.py_buffer(text)) for text in listing["table_schema"].to_pylist()]
    places = zip(listing["db_schema_name"].to_pylist(), listing["table_name"].to_pylist(), strict=True)
    descriptions = [(schema.metadata or {}).get(b"description", b"").decode() for schema in schemas]
    return pa.table(
        {
            "table": pa.array([f"{schema}.{name}" for schema, name in places], pa.string()),
            "columns": pa.array([len(schema) for schema in schemas], pa.int32()),
            "description": pa.array(descriptions, pa.string()),
        }
    )
