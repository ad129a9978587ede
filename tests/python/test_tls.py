"""With `--tls` both doors are encrypted, and trusted by our own authority's certificate alone."""

from __future__ import annotations

import nearside
import parts
import pytest
import requests
from conftest import Start


def test_both_doors_are_encrypted_and_trusted_by_our_authority_only(start: Start) -> None:
    ready = start(parts.sample(), "--tls").ready()
    assert (ready.gateway_url[:8], ready.flight_url[:11]) == ("https://", "grpc+tls://")

    assert requests.get(f"{ready.gateway_url}/livez", verify=ready.ca_file, timeout=10).ok
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{ready.gateway_url}/livez", timeout=10)
    with nearside.connect(ready.flight_url, ready.token, ca_file=ready.ca_file) as sky:
        assert len(sky.sql("SELECT ra FROM gaiadr3.gaia_source LIMIT 3")) == 3
    with nearside.connect(ready.flight_url, ready.token) as sky, pytest.raises(nearside.Unreachable):
        sky.tables()
