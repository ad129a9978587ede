"""Read the catalogue of a Nearside platform over Arrow Flight.

    import nearside

    sky = nearside.connect()                      # inside a lab: no argument
    stars = sky.cone(56.75, 24.12, radius=5)      # degrees; gaiadr3.gaia_source
    stars.to_astropy()                            # units and UCDs kept

Outside a lab, give the address and a token: ``nearside.connect("grpc://host:port", token="...")``.

This package moves tables and names their units. It does no astronomy of its own.
"""

from nearside.connection import Connection, connect
from nearside.errors import (
    AccessDenied,
    LimitReached,
    NearsideError,
    NotConnected,
    QueryError,
    TokenRefused,
    Unreachable,
)
from nearside.light_curves import LightCurve, LightCurves
from nearside.result import Result
from nearside.version import VERSION as __version__

__all__ = [
    "AccessDenied",
    "Connection",
    "LightCurve",
    "LightCurves",
    "LimitReached",
    "NearsideError",
    "NotConnected",
    "QueryError",
    "Result",
    "TokenRefused",
    "Unreachable",
    "connect",
]
