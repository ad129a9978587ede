"""FITS files of the Gaia archive come over value by value: the importer's table against astropy's reading."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import numpy
import parts
import pyarrow
import pyarrow.parquet as parquet
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

ARROW = {
    "K": pyarrow.int64(),
    "J": pyarrow.int32(),
    "I": pyarrow.int16(),
    "E": pyarrow.float32(),
    "D": pyarrow.float64(),
    "L": pyarrow.bool_(),
    "A": pyarrow.string(),
}


def imported(file: Path, data: Path) -> pyarrow.Table:
    """The rows of a file, imported by the real program."""
    command = [parts.program("NEARSIDE_BIN"), "import", file, "--data", data, "--table", "test.stars"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    tiles = sorted((data / "test/stars/dataset").rglob("Npix=*.parquet"))
    return pyarrow.concat_tables(parquet.ParquetFile(tile).read() for tile in tiles)


def expected(values: MaskedColumn) -> list[object]:
    """What an astropy column holds; masked, not a number and empty are all no value."""
    plain = values.filled(0) if isinstance(values, MaskedColumn) else values
    mask = numpy.ma.getmaskarray(values)
    if plain.dtype.kind in "SU":
        texts = [text.decode() if isinstance(text, bytes) else str(text) for text in plain]
        return [None if missing else text.rstrip() or None for text, missing in zip(texts, mask, strict=True)]
    if plain.dtype.kind == "f":
        mask = mask | numpy.isnan(plain)
    return [None if missing else value.item() for value, missing in zip(plain, mask, strict=True)]


@pytest.mark.parametrize("name", ["gdr3_sm.fits", "gedr3_sm.fits", "gdr2_sm.fits", "gdr2_rv_sm.fits"])
def test_every_column_keeps_its_type_unit_and_values(name: str, tmp_path: Path) -> None:
    file = parts.real_data() / "pyia" / name
    ours = imported(file, tmp_path).sort_by("source_id")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Table.read(file)
    theirs.sort("source_id")
    header = fits.getheader(file, 1)
    names = [header[f"TTYPE{number}"] for number in range(1, header["TFIELDS"] + 1)]
    assert ours.column_names == [*(name.lower() for name in names), "_healpix_29"]
    for number, column in enumerate(names, start=1):
        field = ours.schema.field(column.lower())
        form = header[f"TFORM{number}"].strip().lstrip("0123456789")
        wanted = pyarrow.int64() if column.endswith("source_id") else ARROW[form]
        assert field.type == wanted, column
        if unit := header.get(f"TUNIT{number}"):
            assert field.metadata[b"unit"].decode() == unit, column
        assert ours[column.lower()].to_pylist() == expected(theirs[column]), column
