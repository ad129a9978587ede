"""A lab used through the gateway: kernels answer, say why they died, and go when nobody uses them."""

from __future__ import annotations

import json
import sys

import parts
import pytest
import requests
from conftest import Start
from lab_client import V1, Lab, started_lab
from platform_process import PlatformProcess, Ready
from waiting import until


@pytest.fixture
def lab(ready: Ready) -> Lab:
    return started_lab(ready)


@pytest.mark.parametrize("subprotocols", [[V1], []], ids=["v1", "legacy"])
def test_a_cell_runs_over_both_forms_of_the_channels(lab: Lab, subprotocols: list[str]) -> None:
    kernel = lab.start_kernel()
    outputs = lab.channels(kernel, subprotocols).execute("print('µ Cep'); 6 * 7")
    assert (outputs.status, outputs.text) == ("ok", "µ Cep\n42")
    assert lab.delete(f"api/kernels/{kernel}").status_code == 204


def test_connect_needs_no_argument_inside_a_lab(lab: Lab) -> None:
    kernel = lab.start_kernel()
    cell = "import nearside; len(nearside.connect().sql('SELECT ra FROM gaiadr3.gaia_source LIMIT 7'))"
    outputs = lab.channels(kernel).execute(cell)
    assert (outputs.status, outputs.text, outputs.error) == ("ok", "7", "")
    lab.delete(f"api/kernels/{kernel}")


def test_the_token_in_a_lab_is_in_a_file_that_only_its_user_reads(lab: Lab) -> None:
    kernel = lab.start_kernel()
    cell = "import os; oct(os.stat(os.environ['NEARSIDE_TOKEN_FILE']).st_mode & 0o777)"
    assert lab.channels(kernel).execute(cell).text == "'0o400'"
    lab.delete(f"api/kernels/{kernel}")


def test_a_kernel_that_dies_at_start_shows_its_stderr(lab: Lab, platform: PlatformProcess, ready: Ready) -> None:
    spec = platform.home(ready.user) / ".local/share/jupyter/kernels/broken"
    spec.mkdir(parents=True)
    program = "import sys; sys.exit('libcfitsio.so.10: cannot open shared object file')"
    argv = [sys.executable, "-c", program, "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Broken", "language": "python"}))

    answer = lab.post(
        "api/sessions", {"path": "a.ipynb", "name": "a", "type": "notebook", "kernel": {"name": "broken"}}
    )

    assert answer.status_code == 500
    assert "libcfitsio.so.10: cannot open shared object file" in answer.json()["message"]
    assert "broken" not in [kernel["name"] for kernel in lab.get("api/kernels").json()]


def test_an_idle_kernel_is_culled_and_a_busy_one_is_not(start: Start) -> None:
    platform = start(parts.sample(), "--kernel-idle-seconds", "2")
    lab = started_lab(platform.ready())
    idle, busy = lab.start_kernel(), lab.start_kernel()
    channels = lab.channels(busy)
    lab.channels(idle).execute("1")

    # Three times the idle time: whoever wrongly counts a busy kernel as idle has stopped it by then.
    assert channels.execute("import time; time.sleep(6)").status == "ok"

    assert idle not in [kernel["id"] for kernel in lab.get("api/kernels").json()]
    until(lambda: lab.get("api/kernels").json() == [], within=20, what="the end of the kernel that is idle now")


def test_another_users_lab_does_not_exist(ready: Ready) -> None:
    headers = {"Authorization": f"Bearer {ready.token}"}
    answer = requests.get(f"{ready.gateway_url}/user/somebody-else/api/kernels", headers=headers, timeout=10)
    assert answer.status_code == 404


def test_a_lab_without_a_token_is_refused(ready: Ready) -> None:
    url = f"{ready.gateway_url}/user/{ready.user}/api/kernels"
    answers = [
        requests.get(url, headers=headers, timeout=10, allow_redirects=False).status_code
        for headers in ({}, {"Authorization": "Bearer bad"}, {"Cookie": "nearside=bad"})
    ]
    assert all(status in (302, 303, 401, 403) for status in answers), answers
