"""A table with a broken file: who hears what about it, and what goes on."""

from __future__ import annotations

from pathlib import Path

import nearside
import parts
import pytest
from conftest import Start
from platform_process import PlatformProcess

COUNT = "SELECT count(*) AS n FROM gaiadr3."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample sky as links to its tables, but for light curves of which one file was cut short."""
    schema = tmp_path_factory.mktemp("broken") / "gaiadr3"
    schema.mkdir()
    for table in (parts.sample() / "gaiadr3").iterdir():
        if table.name != "epoch_photometry":
            (schema / table.name).symlink_to(table)
            continue
        for file in filter(Path.is_file, table.rglob("*")):
            copy = schema / table.name / file.relative_to(table)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    tile = next((schema / "epoch_photometry").rglob("Npix=*.parquet"))
    tile.write_bytes(tile.read_bytes()[:-1000])
    return schema.parent


@pytest.fixture(scope="module")
def platform(start: Start, data: Path) -> PlatformProcess:
    """A platform that serves them."""
    return start(data)


def test_the_operator_is_told_the_file_and_the_byte_at_the_start(platform: PlatformProcess, data: Path) -> None:
    platform.ready()
    told = platform.printed(r"Not served: table gaiadr3.epoch_photometry cannot be read: .*")
    assert f"file {data.resolve()}/gaiadr3/epoch_photometry/dataset/Norder=" in told
    assert "it was cut short, or is none, at byte " in told


def test_who_asks_for_it_is_told_too_and_other_tables_answer(platform: PlatformProcess, data: Path) -> None:
    ready = platform.ready()
    with nearside.connect(ready.flight_url, ready.token) as sky:
        with pytest.raises(nearside.NearsideError) as broken:
            sky.sql(f"{COUNT}epoch_photometry").to_arrow()
        told = str(broken.value)
        assert "table gaiadr3.epoch_photometry cannot be read: file gaiadr3/epoch_photometry/dataset/Norder=" in told
        assert str(data) not in told, "readers need not know the directories of the server"
        assert sky.sql(f"{COUNT}gaia_source").to_arrow()["n"].to_pylist()[0] > 10_000
