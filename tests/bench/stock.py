"""A stock JupyterLab, the peer of everything that has to do with labs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lab_client import Lab
from waiting import until

TOKEN = "benchmark"


@contextlib.contextmanager
def jupyter_server(directory: Path, *options: str) -> Iterator[Lab]:
    """``jupyter lab`` in ``directory``, as a person would start it; it has answered once."""
    runtime = directory / "runtime"
    runtime.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.port=0", "--allow-root"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={directory}", *options]
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime)}
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        information = runtime / f"jpserver-{process.pid}.json"
        until(information.exists, within=120, what="the address of jupyter lab")
        lab = Lab(json.loads(information.read_text())["url"].rstrip("/"), TOKEN)
        until(lab.answers, within=120, what="jupyter lab")
        yield lab
    finally:
        process.terminate()
        process.wait()
