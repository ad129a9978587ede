"""The records of the services say where they are, and the OpenAPI document says what the JSON parts answer."""

from __future__ import annotations

from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
import pyvo
import requests
from jsonschema import validate
from platform_process import Ready

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
RESOURCE = "{http://www.ivoa.net/xml/RegistryInterface/v1.0}Resource"


def fetched(ready: Ready, path: str) -> requests.Response:
    answer = requests.get(f"{ready.vo_url}{path}", timeout=30)
    assert answer.ok, answer.text
    return answer


def test_every_service_has_a_record_whose_addresses_answer(ready: Ready) -> None:
    frame = ElementTree.fromstring(fetched(ready, "/registry").text)
    records = {record.findtext("identifier"): record for record in frame.iter(RESOURCE)}
    assert len(records) == int(frame.get("numberReturned"))
    assert {"ivo://nearside.local/tap", "ivo://nearside.local/datalink", "ivo://nearside.local/vospace"} < set(records)
    for identifier, record in records.items():
        name = identifier.rsplit("/", 1)[1]
        alone = ElementTree.fromstring(fetched(ready, f"/registry/{name}").text)
        assert ElementTree.canonicalize(ElementTree.tostring(alone), strip_text=True) == ElementTree.canonicalize(
            ElementTree.tostring(record), strip_text=True
        )
        for url in record.iterfind("capability/interface/accessURL"):
            # What is below these addresses answers, and nothing at them.
            below = {"tap": "/sync", "files": "/home"}.get(url.text.rsplit("/", 1)[1], "")
            address = url.text + below
            assert requests.get(address, timeout=30).status_code in {200, 303, 400, 401, 405}, address
    assert requests.get(f"{ready.vo_url}/registry/none", timeout=30).status_code == 404


def test_a_cone_search_is_found_by_its_record_and_answers_its_own_test_query(ready: Ready) -> None:
    record = ElementTree.fromstring(fetched(ready, "/registry/cone.gaiadr3.gaia_source").text)
    (capability,) = record.iterfind("capability")
    assert (capability.get("standardID"), capability.get(f"{XSI}type")) == ("ivo://ivoa.net/std/ConeSearch", "cs:ConeSearch")
    ra, dec, sr = (float(capability.findtext(f"testQuery/{name}")) for name in ("ra", "dec", "sr"))
    rows = pyvo.dal.SCSService(capability.findtext("interface/accessURL")).search(pos=(ra, dec), radius=sr)
    assert len(rows) > 0


def operations(document: dict) -> list:
    return [(path, method, about) for path, methods in document["paths"].items() for method, about in methods.items()]


def test_what_speaks_json_answers_as_the_openapi_document_says(ready: Ready) -> None:
    document = fetched(ready, "/openapi.json").json()
    described = operations(document)
    assert len(described) == 4
    for path, method, about in described:
        content = about.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
        members = content.get("schema", {}).get("properties", {})
        form = {name: member["example"] for name, member in members.items() if "example" in member}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.request(method, f"{ready.vo_url}{path}", data=urlencode(form), headers=headers, timeout=30)
        ((media_type, content),) = about["responses"]["200"]["content"].items()
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, media_type), path
        validate(answer.json(), content["schema"])


@pytest.mark.parametrize("path", ["/page/session.json", "/page/language.json", "/page/usage.json"])
def test_every_json_address_of_the_page_is_described(ready: Ready, path: str) -> None:
    assert path in fetched(ready, "/openapi.json").json()["paths"]
