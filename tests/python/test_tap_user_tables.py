"""User space by astroquery: upload, describe, rename, query and delete, as in the Gaia archive's tutorials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import parts
import pytest
import requests
from astropy.table import Table
from astroquery.gaia import GaiaClass
from conftest import Start
from platform_process import Ready
from postgres_server import PostgresServer

STARS = Table(
    {
        "name": ["Alcyone", "Atlas", "Electra"],
        "ra": [56.871, 57.291, 56.219],
        "dec": [24.105, 24.053, 24.113],
        "vmag": [2.87, 3.63, 3.7],
    },
    units={"ra": "deg", "dec": "deg", "vmag": "mag"},
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def secure(start: Start, request: pytest.FixtureRequest) -> Iterator[Ready]:
    """The platform, with tables registered in files or in PostgreSQL."""
    if request.param == "sqlite":
        yield start(parts.sample(), "--tls", "--user", "maria").ready()
        return
    server = PostgresServer()
    platform = start(parts.sample(), "--tls", "--user", "maria", "--database", server.url)
    yield platform.ready()
    platform.stop()
    server.stop()


@pytest.fixture
def gaia(secure: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator[GaiaClass]:
    monkeypatch.setenv("SSL_CERT_FILE", secure.ca_file)
    gaia = client(secure)
    gaia.login(user=secure.user, password=secure.token)
    yield gaia
    for table in own_tables(gaia):
        gaia.delete_user_table(table_name=table.removeprefix("user_maria."))
    gaia.logout()


def client(secure: Ready) -> GaiaClass:
    url = secure.vo_url.replace("127.0.0.1", "localhost")
    return GaiaClass(gaia_tap_server=url, gaia_data_server=url, show_server_messages=False)


def own_tables(gaia: GaiaClass) -> list[str]:
    names = [table.name for table in gaia.load_tables(only_names=True)]
    return [name for name in names if "user_" in name]


def answer(gaia: GaiaClass, adql: str) -> Table:
    return gaia.launch_job(adql).get_results()


def test_an_uploaded_table_is_listed_with_units_and_queried(gaia: GaiaClass) -> None:
    gaia.upload_table(upload_resource=STARS, table_name="Pleiades", table_description="Seven sisters")

    assert own_tables(gaia) == ["user_maria.pleiades"]
    table = gaia.load_table("user_maria.pleiades")
    assert (table.description, [column.name for column in table.columns]) == ("Seven sisters", STARS.colnames)
    assert table.columns[3].unit == "mag"
    found = answer(gaia, "SELECT TOP 10 name, vmag FROM user_maria.pleiades WHERE vmag > 3 ORDER BY vmag")
    assert list(found["name"]) == ["Atlas", "Electra"]
    columns = "SELECT TOP 9 column_name, unit FROM TAP_SCHEMA.columns WHERE table_name = 'user_maria.pleiades'"
    described = answer(gaia, columns)
    assert dict(zip(described["column_name"], described["unit"].filled(""), strict=True)) == {
        "name": "",
        "ra": "deg",
        "dec": "deg",
        "vmag": "mag",
    }


def test_stars_of_ones_own_meet_the_catalogue(gaia: GaiaClass) -> None:
    seed = answer(gaia, "SELECT TOP 20 source_id, ra, dec FROM gaiadr3.gaia_source WHERE phot_g_mean_mag < 12")
    seed.rename_column("source_id", "my_id")
    gaia.upload_table(upload_resource=seed, table_name="mine")

    matched = answer(
        gaia,
        "SELECT TOP 100 m.my_id, g.source_id FROM user_maria.mine AS m JOIN gaiadr3.gaia_source AS g "
        "ON 1 = CONTAINS(POINT('ICRS', g.ra, g.dec), CIRCLE('ICRS', m.ra, m.dec, 1e-6))",
    )

    assert sorted(matched["my_id"]) == sorted(seed["my_id"])
    assert list(matched["my_id"]) == list(matched["source_id"])


def test_the_result_of_a_job_becomes_a_table(gaia: GaiaClass) -> None:
    job = gaia.launch_job_async("SELECT TOP 50 source_id, parallax FROM gaiadr3.gaia_source")

    gaia.upload_table_from_job(job=job, table_name="from_job")

    rows = answer(gaia, "SELECT COUNT(*) AS n FROM user_maria.from_job")["n"][0]
    assert (rows, gaia.load_table("user_maria.from_job").columns[1].unit) == (50, "mas")


def test_columns_are_described_and_renamed(gaia: GaiaClass) -> None:
    gaia.upload_table(upload_resource=STARS, table_name="pleiades")
    flags = [[column, "flags", flag] for column, flag in [("vmag", "Mag"), ("ra", "Ra"), ("dec", "Dec")]]
    changes = [["vmag", "ucd", "phot.mag;em.opt.V"], *flags]

    gaia.update_user_table(table_name="user_maria.pleiades", list_of_changes=changes)
    gaia.rename_table(
        table_name="user_maria.pleiades", new_table_name="user_maria.sisters", new_column_names_dict={"vmag": "v"}
    )

    columns = {column.name: column for column in gaia.load_table("user_maria.sisters").columns}
    assert (columns["v"].ucd, columns["v"].flags, columns["ra"].flags) == ("phot.mag;em.opt.V", "8", "1")
    assert own_tables(gaia) == ["user_maria.sisters"]
    assert answer(gaia, "SELECT TOP 1 v FROM user_maria.sisters ORDER BY v")["v"][0] == 2.87


def test_a_deleted_table_is_gone_and_an_unknown_one_is_an_error(gaia: GaiaClass) -> None:
    gaia.upload_table(upload_resource=STARS, table_name="pleiades")
    gaia.delete_user_table(table_name="pleiades")

    assert own_tables(gaia) == []
    with pytest.raises(requests.exceptions.HTTPError):
        gaia.delete_user_table(table_name="pleiades")
    gaia.delete_user_table(table_name="pleiades", force_removal=True)


def test_a_table_that_exists_is_not_overwritten(gaia: GaiaClass) -> None:
    gaia.upload_table(upload_resource=STARS, table_name="pleiades")
    with pytest.raises(requests.exceptions.HTTPError):
        gaia.upload_table(upload_resource=STARS[:1], table_name="pleiades")
    assert answer(gaia, "SELECT COUNT(*) AS n FROM user_maria.pleiades")["n"][0] == len(STARS)


def test_without_a_login_there_is_no_user_space(secure: Ready, gaia: GaiaClass) -> None:
    gaia.upload_table(upload_resource=STARS, table_name="pleiades")
    stranger = client(secure)

    assert own_tables(stranger) == []
    messages = [refusal(stranger, f"SELECT TOP 1 * FROM user_maria.{table}") for table in ["pleiades", "nothings"]]
    assert messages[0].replace("pleiades", "nothings") == messages[1]
    with pytest.raises(requests.exceptions.HTTPError):
        stranger.upload_table(upload_resource=STARS, table_name="mine")


def refusal(gaia: GaiaClass, adql: str) -> str:
    with pytest.raises(requests.exceptions.HTTPError) as refused:
        gaia.launch_job(adql)
    return str(refused.value)


def test_text_with_commas_becomes_a_table(secure: Ready, gaia: GaiaClass, tmp_path: Path) -> None:
    form = {"TABLE_NAME": "text", "FORMAT": "csv"}
    with requests.Session() as session:
        session.trust_env, session.verify = False, secure.ca_file
        session.headers["Authorization"] = f"Bearer {secure.token}"
        url = f"{secure.vo_url}/tap-server/Upload"
        sent = session.post(url, form, files={"FILE": ("a.csv", "id,x\n1,0.5\n2,\n")}, timeout=30)
    assert sent.ok, sent.text
    assert list(answer(gaia, "SELECT TOP 5 id FROM user_maria.text WHERE x IS NULL")["id"]) == [2]


def test_a_table_is_shared_with_a_group_and_taken_back(secure: Ready, gaia: GaiaClass) -> None:
    gaia.upload_table(upload_resource=STARS, table_name="pleiades")
    gaia.share_group_create(group_name="sisters", description="who sees them")
    gaia.share_group_add_user(group_name="sisters", user_id=secure.user)
    gaia.share_table(group_name="sisters", table_name="user_maria.pleiades", description="look")

    group = gaia.load_group(group_name="sisters")
    assert (group.title, [user.id for user in group.users]) == ("sisters", ["maria"])
    [item] = gaia.load_shared_items()
    assert (item.title, [to.mode for to in item.shared_to_items]) == ("user_maria.pleiades", ["Read"])

    gaia.share_table_stop(group_name="sisters", table_name="user_maria.pleiades")
    assert gaia.load_shared_items() == []
    gaia.share_group_delete(group_name="sisters")
    assert gaia.load_groups() == []
