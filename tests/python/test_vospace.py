"""VOSpace over the homes of labs: what a kernel writes is a node, and what is put there the kernel reads."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest
import pyvo
import requests
from astropy.table import Table
from lab_client import started_lab
from platform_process import Ready

SPACE = "vos://nearside.local~vospace"
VOS = "{http://www.ivoa.net/xml/VOSpace/v2.0}"


@pytest.fixture
def space(ready: Ready) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {ready.token}"
        yield session


def node_uris(document: str) -> list[str]:
    """The paths of all nodes in a document."""
    nodes = [ElementTree.fromstring(document), *ElementTree.fromstring(document).iterfind(f"{VOS}nodes/{VOS}node")]
    return [node.attrib["uri"].removeprefix(SPACE) for node in nodes]


def test_a_file_of_a_kernel_is_a_node_and_a_file_that_is_put_the_kernel_reads(
    ready: Ready, space: requests.Session
) -> None:
    lab = started_lab(ready)
    kernel = lab.start_kernel()
    channels = lab.channels(kernel)
    home, base = f"/home/{ready.user}", f"{ready.vo_url}/vospace"
    written = channels.execute("import pathlib; pathlib.Path('of the lab.txt').write_text('from a kernel')")
    assert written.status == "ok", written.error

    listed = space.get(f"{base}/nodes{home}", params={"detail": "min"}, timeout=30)
    assert listed.status_code == 200, listed.text
    assert f"{home}/of%20the%20lab.txt" in node_uris(listed.text)
    assert space.get(f"{base}/files{home}/of%20the%20lab.txt", timeout=30).text == "from a kernel"

    put = space.put(f"{base}/files{home}/put.txt", data=b"from outside", timeout=30)
    assert put.status_code == 201, put.text
    assert channels.execute("print(open('put.txt').read())").text == "from outside\n"

    assert space.delete(f"{base}/nodes{home}/put.txt", timeout=30).status_code == 204
    assert channels.execute("pathlib.Path('put.txt').exists()").text == "False"
    lab.delete(f"api/kernels/{kernel}")


def test_a_large_file_streams_in_and_out_with_the_same_bytes(ready: Ready, space: requests.Session) -> None:
    url = f"{ready.vo_url}/vospace/files/home/{ready.user}/large.bin"
    piece = bytes(range(256)) * 4096
    put = space.put(url, data=(piece for _ in range(64)), timeout=120)
    assert put.status_code == 201, put.text
    with space.get(url, stream=True, timeout=120) as answer:
        assert answer.headers["Digest"] == put.headers["Digest"]
        assert int(answer.headers["Content-Length"]) == 64 * len(piece)
        assert b"".join(answer.iter_content(1 << 20)) == piece * 64
    assert space.delete(url, timeout=30).status_code == 204


def test_a_table_of_a_file_is_a_node_is_queried_and_comes_back_in_every_view(
    ready: Ready, space: requests.Session
) -> None:
    table = Table({"id": [1, 2, 3], "mag": [2.87, 3.62, 3.7], "name": ["Alcyone", "Atlas", "Electra"]})
    table["mag"].unit = "mag"
    written = io.BytesIO()
    table.write(written, format="votable")
    node = f"tables/{ready.user}/pleiads"
    put = space.put(f"{ready.vo_url}/vospace/files/{node}", data=written.getvalue(), timeout=60)
    assert put.status_code == 201, put.text

    tap = pyvo.dal.TAPService(f"{ready.vo_url}/tap-server/tap", session=space)
    bright = tap.run_sync(f"SELECT name FROM user_{ready.user}.pleiads WHERE mag < 3")
    assert list(bright["name"]) == ["Alcyone"]
    for view in ("votable", "fits", "ecsv", "csv"):
        answer = space.get(f"{ready.vo_url}/vospace/files/{node}", params={"view": view}, timeout=60)
        back = Table.read(io.BytesIO(answer.content), format={"ecsv": "ascii.ecsv", "csv": "ascii.csv"}.get(view, view))
        assert [list(map(str, back[name])) for name in back.colnames] == [
            list(map(str, table[name])) for name in table.colnames
        ], view
    listed = space.get(f"{ready.vo_url}/vospace/nodes/tables/{ready.user}", timeout=30)
    assert f"/{node}" in node_uris(listed.text)
    assert space.delete(f"{ready.vo_url}/vospace/nodes/{node}", timeout=30).status_code == 204
    with pytest.raises(pyvo.DALQueryError, match="pleiads"):
        tap.run_sync(f"SELECT name FROM user_{ready.user}.pleiads")
