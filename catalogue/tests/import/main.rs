//! The importer, file to table: what it reads, what it refuses, and that nothing is ever half there.

mod astrometry;
mod atomic;
mod ecsv;
mod fits;
mod light_curves;
mod parquet_file;
mod real;
mod refused;
mod spectra;
mod support;
mod text;
mod votable;
