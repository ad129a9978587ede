"""Downloads of products that were cut, and go on where they ended: the same bytes as in one piece, or from the start."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import nearside
import parts
import pytest
import requests
from conftest import Start
from platform_process import Ready

SOURCES = 1500
CUT_AT = 200_000


@pytest.fixture(scope="module")
def ids(ready: Ready) -> list[int]:
    with nearside.connect(ready.flight_url, ready.token) as sky:
        query = f"SELECT source_id FROM gaiadr3.epoch_photometry ORDER BY source_id DESC LIMIT {SOURCES}"
        return sky.sql(query).to_arrow()["source_id"].to_pylist()


def asked(ids: list[int], **others: str) -> dict[str, str]:
    named = {"ID": ",".join(map(str, ids)), "RETRIEVAL_TYPE": "EPOCH_PHOTOMETRY", "FORMAT": "csv"}
    return {**named, "USE_ZIP_ALWAYS": "true", **others}


def data(ready: Ready) -> str:
    return f"{ready.vo_url}/data-server/data"


def beginning(url: str, form: dict[str, str]) -> tuple[bytes, str]:
    """What had come when the client went away, and the tag of the whole."""
    with requests.post(url, form, stream=True, timeout=60) as answer:
        return answer.raw.read(CUT_AT), answer.headers["ETag"]


LAYOUTS = [("INDIVIDUAL", "csv"), ("INDIVIDUAL", "votable"), ("COMBINED", "fits"), ("RAW", "json"), ("RAW", "parquet")]


@pytest.mark.parametrize(("structure", "output_format"), LAYOUTS)
def test_every_part_of_a_download_is_that_part_of_the_whole(
    ready: Ready, ids: list[int], structure: str, output_format: str
) -> None:
    form = asked([1, *ids], DATA_STRUCTURE=structure, FORMAT=output_format)
    start, tag = beginning(data(ready), form)
    whole = requests.post(data(ready), form, timeout=120)
    assert whole.headers["ETag"] == tag
    assert whole.content.startswith(start)
    size = len(whole.content)
    assert size > CUT_AT
    for first in [0, 1, CUT_AT, size // 2, size - 1]:
        condition = {"Range": f"bytes={first}-", "If-Range": tag}
        rest = requests.post(data(ready), form, headers=condition, timeout=120)
        assert (rest.status_code, rest.headers["Content-Range"]) == (206, f"bytes {first}-{size - 1}/{size}")
        assert rest.content == whole.content[first:]
    middle = requests.post(data(ready), form, headers={"Range": f"bytes={CUT_AT}-{CUT_AT + 99}"}, timeout=120)
    assert middle.content == whole.content[CUT_AT : CUT_AT + 100]
    beyond = requests.post(data(ready), form, headers={"Range": f"bytes={size}-"}, timeout=120)
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")


def test_curl_resumes_a_file_that_was_cut(ready: Ready, ids: list[int], tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl here")
    # Identifiers in an address, as curl sends a Range only with GET.
    address = requests.Request("GET", data(ready), params=asked(ids[:1000])).prepare().url
    whole = requests.get(address, timeout=120)
    file = tmp_path / "datalink.zip"
    with requests.get(address, stream=True, timeout=60) as answer:
        file.write_bytes(answer.raw.read(CUT_AT))
    resume = [curl, "--silent", "--show-error", "-C", "-", "-o", file, address]
    subprocess.run([*resume, "--fail"], check=True, timeout=120)
    assert file.read_bytes() == whole.content
    # Once more, for nothing: it is whole.
    subprocess.run(resume, check=True, timeout=120)
    assert file.read_bytes() == whole.content


def test_a_download_goes_on_after_the_server_was_killed_in_the_middle(start: Start, ids: list[int]) -> None:
    platform = start(parts.sample())
    form = asked(ids)
    with requests.post(data(platform.ready()), form, stream=True, timeout=60) as answer:
        tag, begun = answer.headers["ETag"], answer.raw.read(CUT_AT)
        platform.kill()
    again = start(parts.sample(), state=platform.state).ready()
    condition = {"Range": f"bytes={len(begun)}-", "If-Range": tag}
    rest = requests.post(data(again), form, headers=condition, timeout=120)
    assert rest.status_code == 206
    assert begun + rest.content == requests.post(data(again), form, timeout=120).content


def test_nobody_gets_the_rest_of_a_catalogue_that_has_changed(start: Start, ids: list[int], tmp_path: Path) -> None:
    catalogue = tmp_path / "data"
    shutil.copytree(parts.sample(), catalogue, copy_function=os.link)
    before = start(catalogue)
    form = asked(ids)
    begun, tag = beginning(data(before.ready()), form)
    before.stop()
    shutil.rmtree(catalogue / "gaiadr3" / "vari_rrlyrae")

    after = start(catalogue, state=before.state).ready()
    whole = requests.post(data(after), form, timeout=120)

    assert whole.headers["ETag"] != tag
    part = {"Range": f"bytes={len(begun)}-"}
    # Without a condition too: curl has none, and keeps what it has when the answer begins anew.
    for condition in [{}, {"If-Range": tag}]:
        answer = requests.post(data(after), form, headers={**part, **condition}, timeout=120)
        assert (answer.status_code, answer.content) == (200, whole.content)
    for condition in [part, {}]:
        answer = requests.post(data(after), form, headers={**condition, "If-Match": tag}, timeout=120)
        assert answer.status_code == 412
        assert "the catalogue has changed, so download it from the start" in answer.text
    mine = {**part, "If-Match": whole.headers["ETag"]}
    assert requests.post(data(after), form, headers=mine, timeout=120).content == whole.content[len(begun) :]


def test_a_range_of_identifiers_is_the_sources_in_it(ready: Ready, ids: list[int], sky: nearside.Connection) -> None:
    low, high = min(ids), min(ids) + (1 << 43)
    between = f"SELECT source_id FROM gaiadr3.gaia_source WHERE source_id BETWEEN {low} AND {high} ORDER BY 1"
    expected = sky.sql(between).to_arrow()["source_id"].to_pylist()
    assert 1 < len(expected) < 100_000
    for text in [f"{low}-{high}", f"Gaia DR3 {low}-Gaia DR3 {high}"]:
        links = requests.get(f"{ready.vo_url}/data-server/datalink/links", {"ID": text, "FORMAT": "csv"}, timeout=60)
        named = dict.fromkeys(line.split(",")[0] for line in links.text.splitlines()[1:])
        assert list(map(int, named)) == expected
    form = {"ID": f"{low}-{high}", "RETRIEVAL_TYPE": "EPOCH_PHOTOMETRY", "DATA_STRUCTURE": "RAW", "FORMAT": "csv"}
    files = requests.post(data(ready), form, timeout=60).text
    assert re.match(rf"source_id,.*\n{low},", files)
    empty = requests.post(data(ready), {**form, "ID": "1-2"}, timeout=60)
    assert (empty.status_code, "gaiadr3 has no source in it" in empty.text) == (400, True)
