"""pyvo's prototype of tables of one's own (`cadc-tb-upload`): made, filled, indexed and removed, as pyvo asks for it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import pyvo
import requests
from astropy.table import Table
from platform_process import Ready
from pyvo.utils import prototype

DEFINITION = b"""<vosi:table xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" type="output"
 xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<name>ignored</name>
<column><name>article</name><description>Which one</description>
<dataType xsi:type="vs:VOTableType" arraysize="30*">char</dataType></column>
<column><name>mag</name><unit>mag</unit><ucd>phot.mag</ucd><dataType xsi:type="vs:VOTableType">double</dataType></column>
<column><name>number</name><dataType xsi:type="vs:TAPType">BIGINT</dataType></column>
</vosi:table>"""


@pytest.fixture
def tap(ready: Ready) -> Iterator[pyvo.dal.TAPService]:
    prototype.activate_features("cadc-tb-upload")
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {ready.token}"
        yield pyvo.dal.TAPService(f"{ready.vo_url}/tap-server/tap", session=session)
    prototype.deactivate_features("cadc-tb-upload")


def test_a_table_is_made_filled_indexed_queried_and_removed(tap: pyvo.dal.TAPService, ready: Ready) -> None:
    name = f"user_{ready.user}.articles"
    tap.create_table(name, io.BytesIO(DEFINITION))
    assert len(tap.run_sync(f"SELECT * FROM {name}")) == 0
    # Of one table pyvo asks without the session, and so for nobody in particular.
    columns = f"SELECT column_name, unit, ucd, description FROM tap_schema.columns WHERE table_name = '{name}'"
    said = {column["column_name"]: column for column in tap.run_sync(columns)}
    assert (said["mag"]["unit"], said["mag"]["ucd"], said["article"]["description"]) == ("mag", "phot.mag", "Which one")
    tap.load_table(name, io.BytesIO(b"article,number,mag\nart1,1,2.5\nart2,2,\n"), format="csv")
    tap.load_table("articles", io.BytesIO(b"number\tarticle\n3\t007\n"), format="tsv")
    rows = tap.run_sync(f"SELECT article, number FROM {name} ORDER BY number").to_table()
    assert [tuple(row) for row in rows] == [("art1", 1), ("art2", 2), ("007", 3)]
    assert tap.run_sync(f"SELECT COUNT(mag) AS n FROM {name}")["n"][0] == 1
    tap.create_index(name, "number")
    tap.remove_table(name)
    with pytest.raises(pyvo.DALQueryError, match="articles"):
        tap.run_sync(f"SELECT * FROM {name}")


def test_a_table_has_the_columns_of_a_votable(tap: pyvo.dal.TAPService, ready: Ready) -> None:
    written = io.BytesIO()
    Table({"id": [1], "ra": [56.75]}).write(written, format="votable")
    written.seek(0)
    tap.create_table("positions", written, format="VOTable")
    try:
        assert tap.run_sync(f"SELECT * FROM user_{ready.user}.positions").fieldnames == ("id", "ra")
    finally:
        tap.remove_table("positions")


def test_what_cannot_be_is_refused_and_changes_nothing(tap: pyvo.dal.TAPService, ready: Ready) -> None:
    tap.create_table("articles", io.BytesIO(DEFINITION))
    try:
        for refused in (
            lambda: tap.create_table("articles", io.BytesIO(DEFINITION)),
            lambda: tap.create_table("other", io.BytesIO(b"<table/>")),
            lambda: tap.create_table("user_somebody.articles", io.BytesIO(DEFINITION)),
            lambda: tap.load_table("nothing", io.BytesIO(b"a\n1\n"), format="csv"),
            lambda: tap.load_table("articles", io.BytesIO(b"number\nmany\n"), format="csv"),
            lambda: tap.load_table("articles", io.BytesIO(b"SIMPLE"), format="FITSTable"),
            lambda: tap.remove_table("nothing"),
        ):
            with pytest.raises(requests.HTTPError):
                refused()
        with pytest.raises(pyvo.DALQueryError, match="no_such_column"):
            tap.create_index("articles", "no_such_column")
        with pytest.raises(RuntimeError):
            tap.create_index("articles", "number", unique=True)
        assert len(tap.run_sync(f"SELECT * FROM user_{ready.user}.articles")) == 0
    finally:
        tap.remove_table("articles")
