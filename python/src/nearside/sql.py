"""Text of SQL queries from values.

Every number and name passes through here, so that no value can end a literal and go on as SQL.
What a user writes in `Connection.sql` is the user's own and is not touched.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def identifier(name: str) -> str:
    """``gaiadr3.gaia_source`` as ``"gaiadr3"."gaia_source"``.

    Raises:
        ValueError: a part is no plain name (letters, digits and ``_``, not starting with a digit).
    """
    parts = name.split(".")
    if not all(_NAME.fullmatch(part) for part in parts):
        raise ValueError(f"{name!r} is no table or column name: letters, digits and _ only, parts joined by a dot")
    return ".".join(f'"{part}"' for part in parts)


def number(value: float) -> str:
    """A finite number as a literal that reads back as exactly the same double.

    Raises:
        ValueError: not a number, or infinite.
    """
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a query can use")
    return repr(value)


def degrees(angle: Any, what: str) -> float:
    """An angle in degrees from a number (degrees) or an astropy Quantity or Angle.

    Raises:
        ValueError: the angle is not finite.
        TypeError: it is neither a number nor an angle.
    """
    to_value = getattr(angle, "to_value", None)
    try:
        value = float(to_value("deg") if to_value else angle)
    except TypeError:
        raise TypeError(f"{what} is one number in degrees, or one astropy angle; got {angle!r}") from None
    if not math.isfinite(value):
        raise ValueError(f"{what} is {value}")
    return value


def source_ids(ids: Any) -> list[int]:
    """Distinct 64-bit ids in the order given, from one integer or any sequence of integers.

    Raises:
        TypeError: an id is no integer. Floats are refused: they have lost the last digits of a source_id.
        ValueError: an id does not fit into 64 bits.
    """
    to_list = getattr(ids, "tolist", None) or getattr(ids, "to_pylist", None)
    values = to_list() if to_list else ids
    values = values if isinstance(values, Iterable) and not isinstance(values, str) else [values]
    return list(dict.fromkeys(_source_id(value) for value in values))


def _source_id(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{value!r} is no source_id: source_ids are integers, and a float has lost their last digits")
    value = value.__index__()
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} is no source_id: it does not fit into 64 bits")
    return value


def retrieval_types(types: str | Sequence[str]) -> str:
    """``EPOCH_PHOTOMETRY, RVS`` from a list of names or a text of names between commas.

    Raises:
        ValueError: a name has other characters than letters, digits and ``_``.
    """
    names = types.split(",") if isinstance(types, str) else list(types)
    names = [name.strip() for name in names]
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no retrieval type, such as EPOCH_PHOTOMETRY")
    return ", ".join(names)


def select(table: str, columns: Sequence[str] | None, condition: str) -> str:
    """``SELECT columns FROM table WHERE condition``, with names checked; None means all columns."""
    if isinstance(columns, str):
        raise TypeError(f"columns is a list of names, such as [{columns!r}]")
    names = "*" if columns is None else ", ".join(map(identifier, columns))
    return f"SELECT {names} FROM {identifier(table)} WHERE {condition}"


def cone(ra: Any, dec: Any, radius: Any) -> str:
    """The condition that a row lies within ``radius`` of a position (ICRS; degrees or astropy angles).

    ``ra`` may be one `SkyCoord`; then ``dec`` is None.

    Raises:
        ValueError: dec outside -90 to 90, or radius outside 0 to 180.
        TypeError: an argument is missing or is no angle.
    """
    if hasattr(ra, "icrs"):
        if dec is not None:
            raise TypeError("a SkyCoord already has its declination: use cone(position, radius=...)")
        ra, dec = ra.icrs.ra, ra.icrs.dec
    if radius is None or dec is None:
        raise TypeError("a cone has ra, dec and radius, or a SkyCoord and radius=...")
    ra_deg, dec_deg, radius_deg = degrees(ra, "ra") % 360.0, degrees(dec, "dec"), degrees(radius, "radius")
    if not -90.0 <= dec_deg <= 90.0:
        raise ValueError(f"dec is {dec_deg} degrees; it lies between -90 and 90")
    if not 0.0 < radius_deg <= 180.0:
        raise ValueError(f"radius is {radius_deg} degrees; it lies between 0 and 180")
    return f"cone(ra, dec, {number(ra_deg)}, {number(dec_deg)}, {number(radius_deg)})"
