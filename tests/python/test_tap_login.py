"""The archive's login as astroquery does it: over HTTPS, with a cookie, and jobs that belong to a person."""

from __future__ import annotations

from collections.abc import Iterator

import parts
import pytest
import requests
from astroquery.gaia import GaiaClass
from astroquery.utils.tap.model.filter import Filter
from conftest import Start
from platform_process import Ready

QUERY = "SELECT TOP 5 source_id FROM gaiadr3.gaia_source"


@pytest.fixture(scope="module")
def secure(start: Start) -> Ready:
    return start(parts.sample(), "--tls").ready()


@pytest.fixture
def gaia(secure: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator[GaiaClass]:
    monkeypatch.setenv("SSL_CERT_FILE", secure.ca_file)
    url = secure.vo_url.replace("127.0.0.1", "localhost")
    gaia = GaiaClass(gaia_tap_server=url, gaia_data_server=url, show_server_messages=False)
    gaia.login(user=secure.user, password=secure.token)
    yield gaia
    gaia.logout()


def test_jobs_of_a_login_are_listed_searched_and_removed(gaia: GaiaClass) -> None:
    mine = gaia.launch_job_async(QUERY, name="mine")
    other = gaia.launch_job_async(QUERY, name="other")
    assert {mine.jobid, other.jobid} <= {job.jobid for job in gaia.list_async_jobs()}
    assert [job.jobid for job in gaia.search_async_jobs(jobfilter=named("mine"))] == [mine.jobid]
    gaia.remove_jobs([mine.jobid, other.jobid])
    assert {mine.jobid, other.jobid}.isdisjoint(job.jobid for job in gaia.list_async_jobs())


def named(name: str) -> Filter:
    found = Filter()
    found.add_filter("jobname", name)
    return found


def test_a_user_is_known_by_name(gaia: GaiaClass, secure: Ready) -> None:
    assert gaia.is_valid_user(user_id=secure.user)
    assert not gaia.is_valid_user(user_id="nobody-here")


def test_after_a_logout_the_cookie_is_worth_nothing_and_harms_nothing(secure: Ready) -> None:
    with requests.Session() as client:
        # Otherwise a variable of the environment may name another authority.
        client.trust_env, client.verify = False, secure.ca_file
        base = f"{secure.vo_url}/tap-server"
        login = client.post(f"{base}/login", {"username": secure.user, "password": secure.token}, timeout=10)
        assert login.headers["Set-Cookie"].startswith("SESSION=")
        cookie = {"Cookie": login.headers["Set-Cookie"].split(";")[0]}
        job = client.post(f"{base}/tap/async", {"QUERY": QUERY}, timeout=10, allow_redirects=False).headers["Location"]
        assert client.get(job, timeout=10).ok
        client.post(f"{base}/logout", timeout=10)
        client.cookies.clear()
        assert client.get(job, headers=cookie, timeout=10).status_code == 404
        assert client.get(f"{base}/tap/sync", params={"QUERY": QUERY}, headers=cookie, timeout=30).ok


def test_a_wrong_password_is_refused_and_guessing_is_slowed(secure: Ready) -> None:
    def guess(name: str) -> int:
        asked = {"username": name, "password": "guess"}
        return requests.post(f"{secure.vo_url}/tap-server/login", asked, verify=secure.ca_file, timeout=30).status_code

    assert [guess("maria") for _ in range(12)] == [401] * 10 + [429] * 2
