"""What can go wrong, in the words of the server.

gRPC wraps every message in transport detail. Here it is taken off again, so that a reader sees one
sentence, and the caret of an SQL error stands under the right letter. Nothing is retried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa


class NearsideError(Exception):
    """Any failure that has to do with the platform. Its text says what to do next."""


class NotConnected(NearsideError):
    """There is no address or no token to connect with, or the connection is closed."""


class Unreachable(NearsideError):
    """Nothing answers at the address."""


class TokenRefused(NearsideError):
    """The token is expired, for another service, or not from this platform."""


class AccessDenied(NearsideError):
    """The platform knows you, and you may not do this."""


class QueryError(NearsideError):
    """The SQL is wrong, or names something that does not exist. Position and caret are in the text."""


class LimitReached(NearsideError):
    """The query took more time or memory than one person gets, or was stopped."""


# The phrase with which Arrow Flight's C++ client opens each gRPC status, and what it means here.
_MEANING: dict[str, type[NearsideError]] = {
    "unauthenticated": TokenRefused,
    "unauthorized": AccessDenied,
    "invalid argument": QueryError,
    "not found": QueryError,
    "already exists": QueryError,
    "unimplemented": QueryError,
    "out-of-range": QueryError,
    "precondition failed": QueryError,
    "timeout": LimitReached,
    "resource exhausted": LimitReached,
    "cancelled": LimitReached,
    "aborted": LimitReached,
    "unavailable": Unreachable,
    "internal": NearsideError,
    "data loss": NearsideError,
}

_STATUS = re.compile(
    r"(?:Flight|gRPC) (?:returned )?(?P<kind>[\w -]+?) (?:error|call), with message: (?P<text>.*)", re.DOTALL
)
_NOISE = re.compile(
    r"(?:^Flight RPC failed with message: |\.? (?:gRPC client debug context|Client context|Detail): .*)", re.DOTALL
)


def from_flight(error: BaseException, url: str) -> NearsideError:
    """The `NearsideError` that says what ``error`` of pyarrow means. ``url`` names the server in it."""
    match = _STATUS.search(str(error))
    text = _NOISE.sub("", match["text"] if match else str(error)).rstrip()
    meaning = _MEANING.get(match["kind"], NearsideError) if match else NearsideError
    if meaning is Unreachable:
        return Unreachable(f"nothing answers at {url}: is Nearside running, and is the address right? ({text})")
    return meaning(text)


@contextmanager
def told_plainly(url: str) -> Iterator[None]:
    """Turns every error of Arrow Flight inside the block into a `NearsideError`."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise from_flight(error, url) from None
