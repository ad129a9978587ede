"""Every public method of astroquery.gaia.Gaia and TapPlus, over https and signed in: what each gives, and none forgotten.

A method that a new astroquery has fails the first test until it has a check.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import astropy.units as u
import parts
import pytest
import requests
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astroquery.gaia import GaiaClass
from astroquery.utils.tap import TapPlus
from astroquery.utils.tap import core as tap_core
from astroquery.utils.tap.model.filter import Filter
from conftest import Start
from every_method import CHECKS, Calls, checks, public_methods
from platform_process import Ready

PLEIADES = SkyCoord(56.75, 24.12, unit="deg")
SOURCES = "gaiadr3.gaia_source"
INSIDE = f"FROM {SOURCES} WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, 0.1))"
CONTEXTS = {"tap_context": "tap", "upload_context": "Upload", "table_edit_context": "TableTool"}
CONTEXTS |= {"data_context": "data", "datalink_context": "datalink"}
STARS = Table({"name": ["Alcyone", "Atlas"], "x": [56.871, 57.291], "y": [24.105, 24.053]})


@dataclass(frozen=True)
class Clients:
    """Signed-in clients of the archive, of TAP+ alone and of its data server, and who they are."""

    gaia: GaiaClass
    tap: TapPlus
    data: TapPlus
    user: str
    token: str

    def sign_in(self) -> None:
        """All of them."""
        for client in (self.gaia, self.tap, self.data):
            client.login(user=self.user, password=self.token)

    def rows(self, adql: str) -> Table:
        """The answer of a query."""
        return self.tap.launch_job(adql).get_results()

    def inside(self) -> list[int]:
        """The sources of a small cone."""
        return sorted(self.rows(f"SELECT TOP 9999 source_id {INSIDE}")["source_id"])

    def own_tables(self) -> list[str]:
        """Of the user."""
        return [table.name for table in self.gaia.load_tables(only_names=True) if "user_" in table.name]


@pytest.fixture(scope="module")
def secure(start: Start) -> Ready:
    return start(parts.sample(), "--tls", "--user", "maria").ready()


@pytest.fixture(scope="module")
def calls() -> Calls:
    return Calls()


@pytest.fixture
def clients(secure: Ready, calls: Calls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Clients]:
    monkeypatch.setenv("SSL_CERT_FILE", secure.ca_file)
    # astroquery writes and unpacks files where it is started.
    monkeypatch.chdir(tmp_path)
    url = secure.vo_url.replace("127.0.0.1", "localhost")
    gaia = GaiaClass(gaia_tap_server=url, gaia_data_server=url, show_server_messages=False)
    plain = [TapPlus(url=url, server_context=server, **CONTEXTS) for server in ("tap-server", "data-server")]
    clients = Clients(*map(calls.watch, [gaia, *plain]), secure.user, secure.token)
    clients.sign_in()
    yield clients
    clients.sign_in()
    for table in clients.own_tables():
        gaia.delete_user_table(table_name=table.removeprefix("user_maria."))
    for group in gaia.load_groups():
        gaia.share_group_delete(group_name=group.title)


def test_no_public_method_is_without_a_check() -> None:
    assert public_methods() == set(CHECKS)


@checks("GaiaClass.cone_search", "GaiaClass.cone_search_async")
def cone_search(clients: Clients) -> None:
    for search in (clients.gaia.cone_search, clients.gaia.cone_search_async):
        found = search(PLEIADES, radius=0.1 * u.deg, columns=["source_id", "ra", "dec"]).get_results()
        assert list(found["dist"]) == sorted(found["dist"])
        assert set(found["source_id"]) == set(clients.inside()[:50]) or len(found) == 50


@checks("GaiaClass.query_object", "GaiaClass.query_object_async")
def query_object(clients: Clients) -> None:
    for query in (clients.gaia.query_object, clients.gaia.query_object_async):
        found = query(PLEIADES, width=0.1 * u.deg, height=0.1 * u.deg, columns=["source_id", "dec"])
        assert 0 < len(found) <= 50
        assert max(abs(found["dec"] - 24.12)) <= 0.0501


@checks("GaiaClass.correct_table_units")
def correct_table_units(clients: Clients) -> None:
    found = clients.rows(f"SELECT TOP 1 pmra, parallax {INSIDE}")
    clients.gaia.correct_table_units(found)
    assert [str(found[name].unit) for name in found.colnames] == ["mas / yr", "mas"]


@checks("GaiaClass.cross_match")
def cross_match(clients: Clients) -> None:
    mine = clients.rows(f"SELECT TOP 20 source_id AS id, ra, dec {INSIDE}")
    clients.gaia.upload_table(upload_resource=mine, table_name="mine")
    job = clients.gaia.cross_match(
        full_qualified_table_name_a="user_maria.mine",
        full_qualified_table_name_b=SOURCES,
        results_table_name="pairs",
        radius=0.5,
    )
    assert job.get_results()["table_name"][0] == "pairs"
    pairs = clients.rows("SELECT TOP 999 mine_id, gaia_source_source_id, separation FROM user_maria.pairs")
    assert sorted(pairs["mine_id"]) == sorted(mine["id"])
    same = pairs["mine_id"] == pairs["gaia_source_source_id"]
    assert same.sum() == len(mine)
    assert max(pairs["separation"]) < 0.5 / 3600


@checks("GaiaClass.cross_match_basic")
def cross_match_basic(clients: Clients) -> None:
    clients.gaia.upload_table(
        upload_resource=clients.rows(f"SELECT TOP 9 source_id AS id, ra, dec {INSIDE}"), table_name="mine"
    )
    job = clients.gaia.cross_match_basic(
        table_a_full_qualified_name="user_maria.mine", table_a_column_ra="ra", table_a_column_dec="dec", radius=0.5
    )
    pairs = job.get_results()
    assert len(pairs) >= 9
    assert max(pairs["separation"]) < 0.5 / 3600
    assert set(pairs["id"]) <= set(pairs["source_id"])


@checks("TapPlus.upload_table", "TapPlus.delete_user_table")
def upload_table(clients: Clients) -> None:
    for client in (clients.gaia, clients.tap):
        client.upload_table(upload_resource=STARS, table_name="stars", table_description="Two sisters")
        found = clients.rows("SELECT TOP 9 * FROM user_maria.stars ORDER BY x")
        assert [list(found[name]) for name in STARS.colnames] == [list(STARS[name]) for name in STARS.colnames]
        client.delete_user_table(table_name="stars")
        assert clients.own_tables() == []


@checks("TapPlus.upload_table_from_job")
def upload_table_from_job(clients: Clients) -> None:
    job = clients.gaia.launch_job_async(f"SELECT TOP 7 source_id {INSIDE}")
    clients.gaia.upload_table_from_job(job=job, table_name="kept")
    assert clients.rows("SELECT TOP 1 COUNT(*) AS n FROM user_maria.kept")["n"][0] == 7


@checks("TapPlus.get_datalinks", "GaiaClass.get_datalinks")
def get_datalinks(clients: Clients) -> None:
    [source] = clients.rows("SELECT TOP 1 source_id FROM gaiadr3.epoch_photometry")["source_id"]
    for client in (clients.gaia, clients.data):
        links = client.get_datalinks([source])
        assert set(links["ID"]) == {f"Gaia DR3 {source}"} or set(links["ID"]) == {str(source)}
        assert "EPOCH_PHOTOMETRY" in set(links["local_semantics"])


@checks("GaiaClass.load_data")
def load_data(clients: Clients) -> None:
    ids = list(clients.rows("SELECT TOP 3 source_id FROM gaiadr3.epoch_photometry")["source_id"])
    found = clients.gaia.load_data(ids, retrieval_type="EPOCH_PHOTOMETRY", format="csv")
    assert set(found) == {f"EPOCH_PHOTOMETRY-Gaia DR3 {source}.csv" for source in ids}
    for [rows] in found.values():
        assert set(rows["band"]) == {"G", "BP", "RP"}


@checks("TapPlus.load_data")
def load_raw_data(clients: Clients) -> None:
    [source] = clients.rows("SELECT TOP 1 source_id FROM gaiadr3.epoch_photometry")["source_id"]
    asked = {"ID": source, "RETRIEVAL_TYPE": "EPOCH_PHOTOMETRY", "FORMAT": "csv", "USE_ZIP_ALWAYS": "true"}
    clients.data.load_data(params_dict=asked, output_file="curve.zip")
    with zipfile.ZipFile(io.BytesIO(Path("curve.zip").read_bytes())) as files:
        assert files.namelist() == [f"EPOCH_PHOTOMETRY-Gaia DR3 {source}.csv"]


@checks("GaiaClass.launch_job", "Tap.launch_job", "GaiaClass.launch_job_async", "Tap.launch_job_async")
def launch_job(clients: Clients) -> None:
    query = f"SELECT TOP 9999 source_id {INSIDE}"
    launches = [
        launch for client in (clients.gaia, clients.tap) for launch in (client.launch_job, client.launch_job_async)
    ]
    for launch in launches:
        assert sorted(launch(query).get_results()["source_id"]) == clients.inside()


@checks("Tap.save_results")
def save_results(clients: Clients) -> None:
    query = f"SELECT TOP 5 source_id {INSIDE}"
    # What is in memory astroquery writes as VOTable alone, and fails for a table that it made itself.
    job = clients.gaia.launch_job_async(query, output_format="csv", output_file="five.csv", background=True)
    clients.gaia.save_results(job)
    assert len(Table.read(job.outputFile, format="csv")) == 5


@checks("Tap.load_async_job", "Tap.list_async_jobs", "Tap.search_async_jobs")
def jobs(clients: Clients) -> None:
    job = clients.gaia.launch_job_async(f"SELECT TOP 5 source_id {INSIDE}", name="five")
    again = clients.gaia.load_async_job(jobid=job.jobid)
    assert (again.get_phase(), len(again.get_results())) == ("COMPLETED", 5)
    assert job.jobid in {listed.jobid for listed in clients.gaia.list_async_jobs()}
    wanted = Filter()
    wanted.add_filter("jobname", "five")
    assert [found.jobid for found in clients.gaia.search_async_jobs(jobfilter=wanted)] == [job.jobid]
    clients.gaia.remove_jobs([job.jobid])


@checks("TapPlus.remove_jobs")
def remove_jobs(clients: Clients) -> None:
    job = clients.gaia.launch_job_async(f"SELECT TOP 5 source_id {INSIDE}")
    clients.gaia.remove_jobs([job.jobid])
    assert job.jobid not in {listed.jobid for listed in clients.gaia.list_async_jobs()}


@checks("TapPlus.load_tables", "Tap.load_table")
def load_tables(clients: Clients) -> None:
    tables = {table.get_qualified_name(): table for table in clients.gaia.load_tables()}
    assert {SOURCES, "gaiadr3.epoch_photometry"} <= set(tables)
    one = clients.gaia.load_table(SOURCES)
    assert [column.name for column in one.columns] == [column.name for column in tables[SOURCES].columns]
    assert {column.name: column.unit for column in one.columns}["pmra"] == "mas.yr**-1"


@checks("TapPlus.rename_table", "TapPlus.get_args_4_rename_table")
def rename_table(clients: Clients) -> None:
    clients.gaia.upload_table(upload_resource=STARS, table_name="stars")
    clients.gaia.rename_table(
        table_name="user_maria.stars", new_table_name="user_maria.sisters", new_column_names_dict={"x": "ra"}
    )
    assert clients.own_tables() == ["user_maria.sisters"]
    assert list(clients.rows("SELECT TOP 9 ra FROM user_maria.sisters ORDER BY ra")["ra"]) == sorted(STARS["x"])


@checks(
    "TapPlus.update_user_table",
    "TapPlus.get_table_update_arguments",
    "TapPlus.get_current_column_values_for_update",
    "TapPlus.get_new_column_values_for_update",
)
def update_user_table(clients: Clients) -> None:
    clients.gaia.upload_table(upload_resource=STARS, table_name="stars")
    changes = [["name", "ucd", "meta.id"], ["name", "utype", "char.name"], ["x", "flags", "Ra"], ["y", "flags", "Dec"]]
    clients.gaia.update_user_table(table_name="user_maria.stars", list_of_changes=changes)
    columns = {column.name: column for column in clients.gaia.load_table("user_maria.stars").columns}
    assert (columns["name"].ucd, columns["name"].utype, columns["y"].flags) == ("meta.id", "char.name", "2")
    name, *current = clients.gaia.get_current_column_values_for_update(columns["y"])
    assert [name, *current[:2]] == ["y", "Dec", True]
    changed = clients.gaia.get_new_column_values_for_update([["y", "ucd", "pos.eq.dec"]], name, *current)
    assert changed[2] == "pos.eq.dec"
    arguments = clients.gaia.get_table_update_arguments("user_maria.stars", [columns["y"]], changes)
    assert (arguments["TABLE0_COL0"], arguments["TABLE0_COL0_FLAGS"]) == ("y", "Dec")


@checks("TapPlus.set_ra_dec_columns")
def set_ra_dec_columns(clients: Clients) -> None:
    clients.gaia.upload_table(upload_resource=STARS, table_name="stars")
    clients.gaia.set_ra_dec_columns(table_name="user_maria.stars", ra_column_name="x", dec_column_name="y")
    columns = {column.name: column.flags for column in clients.gaia.load_table("user_maria.stars").columns}
    assert (columns["x"], columns["y"]) == ("1", "2")


@checks("TapPlus.share_group_create", "TapPlus.share_group_delete", "TapPlus.load_groups", "TapPlus.load_group")
def groups(clients: Clients) -> None:
    clients.gaia.share_group_create(group_name="sisters", description="who sees them")
    assert clients.gaia.load_group(group_name="sisters").description == "who sees them"
    assert [group.title for group in clients.gaia.load_groups()] == ["sisters"]
    clients.gaia.share_group_delete(group_name="sisters")
    assert clients.gaia.load_groups() == []


@checks("TapPlus.share_group_add_user", "TapPlus.share_group_delete_user")
def members(clients: Clients) -> None:
    clients.gaia.share_group_create(group_name="sisters", description="who sees them")
    clients.gaia.share_group_add_user(group_name="sisters", user_id=clients.user)
    assert [user.id for user in clients.gaia.load_group(group_name="sisters").users] == [clients.user]
    clients.gaia.share_group_delete_user(group_name="sisters", user_id=clients.user)
    assert clients.gaia.load_group(group_name="sisters").users == []


@checks("TapPlus.share_table", "TapPlus.share_table_stop", "TapPlus.load_shared_items")
def share_table(clients: Clients) -> None:
    clients.gaia.upload_table(upload_resource=STARS, table_name="stars")
    clients.gaia.share_group_create(group_name="sisters", description="who sees them")
    clients.gaia.share_table(group_name="sisters", table_name="user_maria.stars", description="look")
    assert [item.title for item in clients.gaia.load_shared_items()] == ["user_maria.stars"]
    clients.gaia.share_table_stop(group_name="sisters", table_name="user_maria.stars")
    assert clients.gaia.load_shared_items() == []


@checks("TapPlus.is_valid_user", "GaiaClass.load_user")
def users(clients: Clients) -> None:
    for known in (lambda name: clients.gaia.is_valid_user(user_id=name), clients.gaia.load_user):
        assert (known(clients.user), known("nobody-here")) == (True, False)


@checks("GaiaClass.login", "TapPlus.login", "GaiaClass.logout", "TapPlus.logout")
def login(clients: Clients) -> None:
    for client in (clients.gaia, clients.tap):
        client.login(user=clients.user, password=clients.token)
        client.upload_table(upload_resource=STARS, table_name="stars")
        client.logout()
        with pytest.raises(requests.exceptions.HTTPError):
            client.delete_user_table(table_name="stars")
        client.login(user=clients.user, password=clients.token)
        client.delete_user_table(table_name="stars")


@checks("GaiaClass.login_gui", "TapPlus.login_gui")
def login_gui(clients: Clients) -> None:
    for client in (clients.gaia, clients.tap):
        client.logout()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tap_core, "LoginDialog", lambda host: Typed(clients.user, clients.token))
            client.login_gui()
        client.upload_table(upload_resource=STARS, table_name="stars")
        client.delete_user_table(table_name="stars")


@dataclass(frozen=True)
class Typed:
    """astroquery's window for a name and a password, once both are typed."""

    user: str
    password: str

    def show_login(self) -> None:
        """It was shown."""

    def is_accepted(self) -> bool:
        return True

    def get_user(self) -> str:
        return self.user

    def get_password(self) -> str:
        return self.password


@checks("GaiaClass.get_status_messages")
def get_status_messages(clients: Clients) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        clients.gaia.get_status_messages()
    # There is nothing to tell: every table can be read.
    assert printed.getvalue() == ""


@pytest.mark.parametrize("method", sorted(CHECKS))
def test_a_method_gives_what_it_should(method: str, clients: Clients, calls: Calls) -> None:
    calls.seen.clear()
    CHECKS[method](clients)
    assert method in calls.seen
