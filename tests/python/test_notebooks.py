"""The notebooks run from top to bottom, on the simulated sample and on published Gaia rows."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nbformat
import parts
import pytest
from conftest import Start
from nbclient import NotebookClient
from platform_process import Ready

NOTEBOOKS = ["01-pleiades.ipynb", "02-light-curves.ipynb"]
CELL_SECONDS = 300

# Names in the file of the Pleiades, and in gaiadr3.gaia_source.
PLEIADES = {
    "_x": "offset_ra",
    "_y": "offset_dec",
    "pmRA": "pmra",
    "pmDE": "pmdec",
    "Plx": "parallax",
    "e_pmRA": "pmra_error",
    "e_pmDE": "pmdec_error",
    "e_Plx": "parallax_error",
    "Gmag": "phot_g_mean_mag",
    "BP_RP": "bp_rp",
    "RUWE": "ruwe",
}
RR_LYRAE = ["pf", "p1_o", "best_classification", "num_clean_epochs_g"]


def run(notebook: str, ready: Ready, directory: Path) -> str:
    """Runs all cells and returns what they printed. A cell that fails raises."""
    cells = nbformat.read(parts.NOTEBOOKS / notebook, as_version=4)
    token = directory / "token"
    token.write_text(ready.token)
    variables = {"NEARSIDE_FLIGHT_URL": ready.flight_url, "NEARSIDE_TOKEN_FILE": str(token)}
    client = NotebookClient(cells, timeout=CELL_SECONDS, resources={"metadata": {"path": str(directory)}})
    done = client.execute(env={**os.environ, **variables})
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs), "no figure"
    return "".join(output.get("text", "") for output in outputs)


def import_files(data: Path, table: str, files: list[Path], kind: str, renames: dict[str, str]) -> None:
    command = [parts.program("NEARSIDE_BIN"), "import", "--data", data, "--table", table, "--kind", kind]
    command += [f"--rename={old}={new}" for old, new in renames.items()]
    done = subprocess.run([*command, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def real(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """A platform on published rows: the Pleiades, and twenty RR Lyrae with their light curves."""
    source, data = parts.real_data(), tmp_path_factory.mktemp("real")
    pleiades, epoch = source / "pleiades/m45_r5_g18_plx4_baseline.dat", source / "epoch"
    import_files(data, "gaiadr3.gaia_source", [pleiades], "catalogue", PLEIADES)
    import_files(data, "gaiadr3.epoch_photometry", [epoch / "rrlyrae_20"], "epoch-photometry", {})
    renames = {f"rrl.{name}": name for name in RR_LYRAE}
    import_files(data, "gaiadr3.vari_rrlyrae", [epoch / "rrlyrae_20_lookup.csv"], "catalogue", renames)
    return start(data).ready()


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_notebooks_run_on_the_sample(notebook: str, ready: Ready, tmp_path: Path) -> None:
    assert "simulated sky" in run(notebook, ready, tmp_path)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_notebooks_run_on_published_gaia_rows(notebook: str, real: Ready, tmp_path: Path) -> None:
    assert "simulated sky" not in run(notebook, real, tmp_path)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_notebooks_are_kept_without_outputs(notebook: str) -> None:
    cells = nbformat.read(parts.NOTEBOOKS / notebook, as_version=4).cells
    ran = [cell.id for cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)]
    assert ran == []
