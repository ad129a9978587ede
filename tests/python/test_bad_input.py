"""Clients that race each other, tables with gaps wherever there can be one, and forms and names of an odd kind."""

from __future__ import annotations

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from astropy.io import fits
from astropy.io.votable import from_table
from astropy.table import MaskedColumn, Table
from platform_process import Ready
from waiting import until

ROUNDS = 12
ENDS = {"COMPLETED", "ERROR", "ABORTED"}
ONE, TWO = (f"SELECT TOP {count} source_id FROM gaiadr3.gaia_source ORDER BY source_id" for count in (1, 2))


def tap(ready: Ready, path: str) -> str:
    return f"{ready.vo_url}/tap-server/tap/{path}"


def pending(ready: Ready) -> str:
    form = {"QUERY": ONE, "FORMAT": "csv"}
    answer = requests.post(tap(ready, "async"), form, allow_redirects=False, timeout=30)
    assert answer.status_code == 303
    return answer.headers["Location"]


def race(*actions: tuple[str, str, dict[str, str]]) -> list[requests.Response]:
    """Sends requests from clients of their own at the same moment."""
    start = Barrier(len(actions))

    def act(action: tuple[str, str, dict[str, str]]) -> requests.Response:
        method, url, form = action
        start.wait(30)
        return requests.request(method, url, data=form, allow_redirects=False, timeout=60)

    with ThreadPoolExecutor(len(actions)) as clients:
        return list(clients.map(act, actions))


def ended(job: str) -> str:
    def phase() -> str | None:
        text = requests.get(f"{job}/phase", timeout=30).text.strip()
        return text if text in ENDS else None

    return until(phase, within=60, what="the end of a job")


def run(job: str) -> tuple[str, str, dict[str, str]]:
    return "POST", f"{job}/phase", {"PHASE": "RUN"}


def abort(job: str) -> tuple[str, str, dict[str, str]]:
    return "POST", f"{job}/phase", {"PHASE": "ABORT"}


def test_of_three_clients_that_start_and_stop_a_job_each_sees_the_same_end(ready: Ready) -> None:
    for _ in range(ROUNDS):
        job = pending(ready)
        answers = race(run(job), abort(job), run(job))
        assert {answer.status_code for answer in answers} <= {303, 409}, [answer.text for answer in answers]
        with ThreadPoolExecutor(3) as clients:
            [phase] = set(clients.map(ended, [job] * 3))
        result = requests.get(f"{job}/results/result", timeout=30)
        assert (result.status_code == 200) == (phase == "COMPLETED"), phase


def test_a_job_runs_the_query_that_it_says_it_ran_whoever_changed_it_meanwhile(ready: Ready) -> None:
    changed = 0
    for _ in range(ROUNDS):
        job = pending(ready)
        change = ("POST", f"{job}/parameters", {"QUERY": TWO})
        answers = race(run(job), change, run(job))
        assert answers[1].status_code in {303, 409}, answers[1].text
        assert ended(job) == "COMPLETED"
        [query] = re.findall(r'id="QUERY"[^>]*>([^<]*)<', requests.get(job, timeout=30).text, re.IGNORECASE)
        assert query == (TWO if answers[1].status_code == 303 else ONE)
        rows = requests.get(f"{job}/results/result", timeout=30).text.splitlines()[1:]
        assert len(rows) == (2 if query == TWO else 1)
        changed += query == TWO
        late = requests.post(f"{job}/parameters", {"QUERY": TWO}, allow_redirects=False, timeout=30)
        assert late.status_code == 409
        assert "parameters can be changed only before it is started" in late.text


def test_a_job_that_is_removed_while_others_start_it_is_gone(ready: Ready) -> None:
    for _ in range(ROUNDS):
        job = pending(ready)
        answers = race(run(job), ("DELETE", job, {}), abort(job))
        assert answers[1].status_code == 303, answers[1].text
        assert {answer.status_code for answer in answers} <= {303, 404, 409}
        for part in ["", "/phase", "/results/result", "/parameters"]:
            assert requests.get(job + part, timeout=30).status_code == 404, part


def with_gaps() -> Table:
    """Every type, and in the second row nothing of any."""
    columns = {
        "truth": np.array([True, False, False]),
        "byte": np.array([7, 0, 9], np.uint8),
        "small": np.array([-7, 0, 9], np.int16),
        "mid": np.array([-70_000, 0, 9], np.int32),
        "big": np.array([-(1 << 60), 0, 9], np.int64),
        "single": np.array([0.1, 0, 9], np.float32),
        "twice": np.array([0.1, 0, 9], np.float64),
        "words": np.array(["ü ☆ <&\"'", "", "b"]),
    }
    return Table({name: MaskedColumn(values, mask=[False, True, False]) for name, values in columns.items()})


def uploaded(ready: Ready, serialization: str) -> bytes:
    if serialization == "binary":
        # astropy writes no gaps in it, and we do.
        return ask(ready, {"up": uploaded(ready, "tabledata")}, FORMAT="votable/b").content
    document = io.BytesIO()
    from_table(with_gaps()).to_xml(document, tabledata_format=serialization)
    return document.getvalue()


def ask(ready: Ready, files: dict[str, bytes], **form: str) -> requests.Response:
    named = {"UPLOAD": "mine,param:up", "QUERY": "SELECT * FROM tap_upload.mine", "FORMAT": "csv", **form}
    return requests.post(tap(ready, "sync"), named, files=files, timeout=60)


def rows_of(answer: bytes, output_format: str) -> list[list[object]]:
    """The values as Python has them, with None for none."""
    if output_format == "json":
        return json.loads(answer)["data"]
    if output_format in {"parquet", "arrow"}:
        stream = io.BytesIO(answer)
        table = pq.read_table(stream) if output_format == "parquet" else pa.ipc.open_stream(stream).read_all()
        return [list(row.values()) for row in table.to_pylist()]
    kind = {"fits": "fits", "ecsv": "ascii.ecsv"}.get(output_format, "votable")
    return [[plain(value) for value in row] for row in Table.read(io.BytesIO(answer), format=kind)]


def plain(value: object) -> object:
    if value is np.ma.masked or value is None:
        return None
    value = value.item() if isinstance(value, np.generic) else value
    # Formats of numbers alone say that there is none by NaN, and by a text without letters.
    return None if value in {"", b""} or (isinstance(value, float) and np.isnan(value)) else value


TYPED = ["votable", "votable_plain", "votable/b", "votable_gzip", "fits", "ecsv", "json", "parquet", "arrow"]


@pytest.mark.parametrize("serialization", ["tabledata", "binary", "binary2"])
@pytest.mark.parametrize("output_format", TYPED)
def test_gaps_in_every_type_arrive_and_leave_as_gaps(ready: Ready, serialization: str, output_format: str) -> None:
    answer = ask(ready, {"up": uploaded(ready, serialization)}, FORMAT=output_format)
    assert answer.status_code == 200, answer.text
    first, second, third = rows_of(answer.content, output_format)
    # astropy takes the byte that FITS has for no truth value for false, and BINARY has no texts that are not there.
    gaps = [None] * len(second)
    gaps[0] = False if output_format == "fits" else None
    gaps[7] = "" if serialization == "binary" and output_format in {"json", "parquet", "arrow"} else None
    assert second == gaps
    numbers = [True, 7, -7, -70_000, -(1 << 60), pytest.approx(0.1), 0.1]
    assert first[:7] == numbers
    assert third == [False, 9, 9, 9, 9, 9.0, 9.0, "b"]
    assert first[7] == "ü ☆ <&\"'"


def test_no_truth_value_is_the_byte_that_fits_has_for_it(ready: Ready) -> None:
    answer = ask(ready, {"up": uploaded(ready, "binary2")}, QUERY="SELECT truth FROM tap_upload.mine", FORMAT="fits")
    with fits.open(io.BytesIO(answer.content)) as file:
        offset, size = file[1].fileinfo()["datLoc"], file[1].header["NAXIS2"]
    assert answer.content[offset : offset + size] == b"T\0F"


@pytest.mark.parametrize("output_format", ["csv", "tsv"])
def test_gaps_are_empty_in_text(ready: Ready, output_format: str) -> None:
    lines = ask(ready, {"up": uploaded(ready, "binary2")}, FORMAT=output_format).text.splitlines()
    assert lines[2].strip(",\t") == ""
    assert len(re.split("[,\t]", lines[2])) == 8


def test_columns_keep_names_of_any_letters(ready: Ready) -> None:
    names = ['say "hi"', "ü ☆", "select", "a;b--c", "x'y"]
    fields = "".join(f'<FIELD name="{name.replace(chr(34), "&quot;")}" datatype="int"/>' for name in names)
    cells = "".join(f"<TD>{number}</TD>" for number in range(len(names)))
    document = f"<VOTABLE><RESOURCE><TABLE>{fields}<DATA><TABLEDATA><TR>{cells}</TR></TABLEDATA></DATA></TABLE>"
    document += "</RESOURCE></VOTABLE>"
    for number, name in enumerate(names):
        quoted = name.replace('"', '""')
        query = f'SELECT "{quoted}" FROM tap_upload.mine WHERE "{quoted}" = {number}'
        answer = ask(ready, {"up": document.encode()}, QUERY=query, FORMAT="json")
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert ([column["name"] for column in told["metadata"]], told["data"]) == ([name], [[number]])


@pytest.mark.parametrize("name", ['mi"ne', "mi'ne", "müne", "☆", "mine mine", "mi;ne", "1mine", "m" * 200, "select * from x"])
def test_a_table_of_an_odd_name_is_refused_and_the_job_says_so(ready: Ready, name: str) -> None:
    files = {"up": uploaded(ready, "tabledata")}
    refused = ask(ready, files, UPLOAD=f"{name},param:up")
    assert refused.status_code == 400
    form = {"UPLOAD": f"{name},param:up", "QUERY": "SELECT 1 AS x FROM dual", "PHASE": "RUN"}
    answer = requests.post(tap(ready, "async"), form, files=files, allow_redirects=False, timeout=30)
    assert answer.status_code == 303
    job = answer.headers["Location"]
    assert ended(job) == "ERROR"
    said = requests.get(f"{job}/error", timeout=30).text
    assert "UPLOAD = " in said


def test_a_table_that_is_no_votable_is_refused_with_what_to_send(ready: Ready) -> None:
    binary_table, parquet = io.BytesIO(), io.BytesIO()
    Table({"a": [1, 2]}).write(binary_table, format="fits")
    pq.write_table(pa.table({"a": [1, 2]}), parquet)
    for file in [binary_table.getvalue(), parquet.getvalue(), b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"\x1f\x8b\x08broken"]:
        answer = ask(ready, {"up": file})
        assert answer.status_code == 400, file[:9]
        assert "the uploaded table mine cannot be read: " in answer.text


ODD_FORMS = {
    "no boundary in the header": ("multipart/form-data", "--b--\r\n"),
    "an empty boundary": ('multipart/form-data; boundary=""', "----\r\n"),
    "no end": ("multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="QUERY"\r\n\r\nSELECT 1'),
    "only an end": ("multipart/form-data; boundary=b", "--b--\r\n"),
    "a huge header": ("multipart/form-data; boundary=b", f"--b\r\n{'x' * 100_000}: 1\r\n\r\n1\r\n--b--\r\n"),
    "a part without headers": ("multipart/form-data; boundary=b", "--b\r\n\r\n1\r\n--b--\r\n"),
    "a file for nothing": (
        "multipart/form-data; boundary=b",
        '--b\r\nContent-Disposition: form-data; name="up"; filename="x"\r\n\r\n1\r\n--b--\r\n',
    ),
}


@pytest.mark.parametrize("oddity", ODD_FORMS)
def test_a_form_that_cannot_be_read_is_refused_with_a_document(ready: Ready, oddity: str) -> None:
    content_type, body = ODD_FORMS[oddity]
    for path in ["sync", "async"]:
        answer = requests.post(
            tap(ready, path), body.encode(), headers={"Content-Type": content_type}, allow_redirects=False, timeout=30
        )
        assert answer.status_code in ({400} if path == "sync" else {303, 400}), answer.text
        if answer.status_code == 400:
            assert 'name="QUERY_STATUS" value="ERROR"' in answer.text
