"""Where the platform is and who is asking.

Inside a lab three environment variables say it: NEARSIDE_FLIGHT_URL, NEARSIDE_TOKEN_FILE and
NEARSIDE_CA_FILE. The token in the file is replaced every few minutes, so it is read for every call
and never kept. Outside a lab the caller says it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nearside.errors import NotConnected
from nearside.version import VERSION

_BOTH_WAYS = (
    "Inside a Nearside lab, call nearside.connect() without arguments. Elsewhere, give the address and a token: "
    'nearside.connect("grpc://host:port", token="..."); both are on your Nearside page.'
)


@dataclass(frozen=True)
class Credentials:
    """The address of the Flight server, a way to get a good token, and the certificate authority."""

    url: str
    token: Callable[[], str]
    ca_file: Path | None
    in_lab: bool = False

    @property
    def program(self) -> str:
        """What the server counts us as, like a ``User-Agent``; gRPC keeps that header for itself."""
        return f"{'nearside-kernel' if self.in_lab else 'nearside'}/{VERSION}"

    def ca_certificates(self) -> bytes | None:
        """The PEM text to trust instead of the system's authorities, or None."""
        if self.ca_file is None:
            return None
        return _read(self.ca_file, "certificate authority").encode()


def find(url: str | None, token: str | None, ca_file: str | os.PathLike[str] | None) -> Credentials:
    """Credentials from the arguments, and from the lab's environment where they are None.

    A lab's token is sent to the lab's own server only: a ``url`` always needs its ``token``.

    Raises:
        NotConnected: an address or a token is missing; the text tells both ways.
    """
    if url is not None:
        if token is None:
            raise NotConnected(f"no token for {url}. {_BOTH_WAYS}")
        return Credentials(url, lambda: token, Path(ca_file) if ca_file else None)

    lab_url = os.environ.get("NEARSIDE_FLIGHT_URL")
    if not lab_url:
        raise NotConnected(f"this is no Nearside lab: NEARSIDE_FLIGHT_URL is not set. {_BOTH_WAYS}")
    authority = ca_file or os.environ.get("NEARSIDE_CA_FILE") or None
    return Credentials(lab_url, _lab_token(token), Path(authority) if authority else None, in_lab=True)


def _lab_token(given: str | None) -> Callable[[], str]:
    if given is not None:
        return lambda: given
    path = os.environ.get("NEARSIDE_TOKEN_FILE")
    if not path:
        raise NotConnected(f"no token: NEARSIDE_TOKEN_FILE is not set. {_BOTH_WAYS}")
    return lambda: _read(Path(path), "token").strip()


def _read(path: Path, what: str) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise NotConnected(f"cannot read the {what} file {path}: {error.strerror}. {_BOTH_WAYS}") from None
