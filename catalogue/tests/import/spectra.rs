//! Spectra, as the archive writes them, become one row per source with lists.

use std::path::PathBuf;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type};
use catalogue::columns::Spectra;
use catalogue::import::{ImportRequest, TableKind};

use crate::real::real;
use crate::support::{Desk, about, column, names};

fn import(table: Spectra, inputs: &[PathBuf]) -> RecordBatch {
    let desk = Desk::new();
    desk.run(&ImportRequest { kind: TableKind::Spectra(table), ..desk.request(inputs) }).1
}

fn list(batch: &RecordBatch, name: &str, row: usize) -> Vec<f32> {
    let lists = batch.column_by_name(name).expect("the column").as_list::<i32>();
    lists.value(row).as_primitive::<Float32Type>().values().to_vec()
}

#[test]
fn real_rvs_spectra_have_the_calcium_triplet() {
    let Some(directory) = real("rvs") else { return };
    let files =
        ["HD176650", "KOI-001", "Kepler-409", "Kepler-93"].map(|name| directory.join(format!("{name}.csv")));
    let table = import(Spectra::Rvs, &files);
    assert_eq!(table.num_rows(), 4);
    assert_eq!(column(&table, "combined_transits").len(), 4);
    let wavelengths = Spectra::Rvs.wavelengths_nm();
    for row in 0..4 {
        let flux = list(&table, "flux", row);
        assert_eq!(flux.len(), 2401);
        for line in [850.04, 854.44, 866.45] {
            let near = (0..2401).filter(|&sample| (wavelengths[sample] - line).abs() < 0.2);
            let lowest = near.min_by(|&a, &b| flux[a].total_cmp(&flux[b])).expect("samples");
            assert!((wavelengths[lowest] - line).abs() < 0.02, "{line}: {}", wavelengths[lowest]);
        }
    }
}

#[test]
fn real_sampled_spectra_are_the_same_from_arrays_and_from_samples() {
    let Some(directory) = real("xp/gaiaxpy/xp_sampled") else { return };
    let csv = import(Spectra::XpSampled, &[directory.join("XP_SAMPLED_RAW_dr3int6.csv")]);
    assert_eq!(names(&csv), ["source_id", "ra", "dec", "flux", "flux_error", "_healpix_29"]);
    assert_eq!(csv, import(Spectra::XpSampled, &[directory.join("XP_SAMPLED_RAW_dr3int6.ecsv")]));
    assert_eq!(about(&csv, "flux").1[0].as_deref(), Some("W.m**-2.nm**-1"));
    let mut samples = String::from("source_id,ra,dec,wavelength,flux,flux_error\n");
    for row in 0..csv.num_rows() {
        let place = ["source_id", "ra", "dec"].map(|name| column(&csv, name)[row].clone()).join(",");
        let values = list(&csv, "flux", row).into_iter().zip(list(&csv, "flux_error", row));
        for (nm, (flux, error)) in Spectra::XpSampled.wavelengths_nm().iter().zip(values) {
            samples.push_str(&format!("{place},{nm:.1},{flux},{error}\n"));
        }
    }
    let desk = Desk::new();
    let file = desk.write("samples.csv", &samples);
    assert_eq!(csv, import(Spectra::XpSampled, &[file]));
}

#[test]
fn real_coefficients_keep_their_digits_and_a_missing_bp_is_null() {
    let Some(directory) = real("xp/gaiaxpy/xp_continuous") else { return };
    let table = import(Spectra::XpContinuous, &[directory.join("XP_CONTINUOUS_RAW_with_missing_BP.csv")]);
    let bp = table.column_by_name("bp_coefficients").expect("BP").as_list::<i32>();
    let rp = table.column_by_name("rp_coefficients").expect("RP").as_list::<i32>();
    assert_eq!((bp.null_count(), rp.null_count()), (1, 0));
    assert!((0..table.num_rows()).all(|row| rp.value(row).len() == 55));
    let correlations = list(&table, "rp_coefficient_correlations", 0);
    assert_eq!(correlations.len(), 55 * 54 / 2);
    let coefficients = rp.value(0);
    assert!(coefficients.as_primitive::<Float64Type>().value(0).abs() > 1.0);
}

#[test]
fn thirty_real_continuous_spectra_come_from_parquet() {
    let Some(file) = real("xp/gaiaspec/gaia_spectra_file_ddf_v0.parquet") else { return };
    assert_eq!(import(Spectra::XpContinuous, &[file]).num_rows(), 30);
}

#[test]
fn a_spectrum_that_was_cut_or_edited_is_refused() {
    let desk = Desk::new();
    let refused = |content: &str| {
        let request = desk.request(&[desk.write("rvs.csv", content)]);
        desk.refused(&ImportRequest { kind: TableKind::Spectra(Spectra::Rvs), ..request })
    };
    let header = "source_id,wavelength,flux,flux_error\n";
    let cut = refused(&format!("{header}4295806720,846.0,1.0,0.1\n4295806720,846.01,1.0,0.1\n"));
    assert!(cut.contains("source 4295806720: has 2 samples instead of 2401"), "{cut}");
    let edited = refused(&format!("{header}4295806720,846.0,1.0,0.1\n4295806720,846.03,1.0,0.1\n"));
    assert!(edited.contains("has a sample at 846.03 nm where the one at 846.01 nm should be"), "{edited}");
    let twice = "source_id,flux,flux_error\n4295806720,\"(1.0)\",\"(0.1)\"\n4295806720,\"(1.0)\",\"(0.1)\"\n";
    assert!(refused(twice).contains("is there twice"), "{}", refused(twice));
    let text = "source_id,flux,flux_error\n4295806720,\"(1.0, x)\",\"(0.1, 0.1)\"\n";
    assert!(refused(text).contains("'x' is no number"), "{}", refused(text));
}
