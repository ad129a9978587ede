//! From the names of columns in a file to the names in the table: lower case, and Gaia's own where VizieR and
//! published tables use others. Decides nothing about values.

use std::collections::HashMap;

use super::file_error::FileError;

/// Names that VizieR and published catalogues give to columns of `gaia_source`. Of several that would become
/// one column, the first one listed does.
const ALIASES: &[(&str, &str)] = &[
    ("gaiadr3", "source_id"),
    ("source", "source_id"),
    ("sourceid", "source_id"),
    ("ra_icrs", "ra"),
    ("de_icrs", "dec"),
    ("radeg", "ra"),
    ("dedeg", "dec"),
    ("e_ra_icrs", "ra_error"),
    ("e_de_icrs", "dec_error"),
    ("plx", "parallax"),
    ("e_plx", "parallax_error"),
    ("plxe", "parallax_error"),
    ("rplx", "parallax_over_error"),
    ("pmde", "pmdec"),
    ("e_pmra", "pmra_error"),
    ("pmrae", "pmra_error"),
    ("e_pmde", "pmdec_error"),
    ("pmdece", "pmdec_error"),
    ("pmcorr", "pmra_pmdec_corr"),
    ("pmrapmdecor", "pmra_pmdec_corr"),
    ("gmag", "phot_g_mean_mag"),
    ("g_mag", "phot_g_mean_mag"),
    ("bpmag", "phot_bp_mean_mag"),
    ("rpmag", "phot_rp_mean_mag"),
    ("fg", "phot_g_mean_flux"),
    ("e_fg", "phot_g_mean_flux_error"),
    ("fbp", "phot_bp_mean_flux"),
    ("e_fbp", "phot_bp_mean_flux_error"),
    ("frp", "phot_rp_mean_flux"),
    ("e_frp", "phot_rp_mean_flux_error"),
    ("bp_rp", "bp_rp"),
    ("rv", "radial_velocity"),
    ("e_rv", "radial_velocity_error"),
    ("rvs_rv", "radial_velocity"),
    ("grvsmag", "grvs_mag"),
    ("glon", "l"),
    ("glat", "b"),
];

/// The names in the table, in the order of the file.
pub(super) fn names(raw: &[&str], rename: &[(String, String)]) -> Result<Vec<String>, FileError> {
    let plain: Vec<String> = raw.iter().map(|name| plain(name)).collect();
    let asked = asked(raw, &plain, rename)?;
    let mut names: Vec<String> =
        plain.iter().zip(&asked).map(|(p, a)| a.clone().unwrap_or(p.clone())).collect();
    refuse_duplicates(raw, &names)?;
    for (alias, name) in ALIASES {
        let free = !names.iter().any(|taken| taken == name);
        if let Some(at) = names.iter().position(|n| n == alias).filter(|&at| free && asked[at].is_none()) {
            names[at] = (*name).to_owned();
        }
    }
    undot(&mut names);
    refuse_duplicates(raw, &names)?;
    Ok(names)
}

/// For each column the name that the request wants for it.
fn asked(
    raw: &[&str],
    plain: &[String],
    rename: &[(String, String)],
) -> Result<Vec<Option<String>>, FileError> {
    let mut asked = vec![None; raw.len()];
    for (from, to) in rename {
        let exact = raw.iter().position(|name| name == from);
        let at = exact.or_else(|| plain.iter().position(|name| *name == self::plain(from)));
        let at = at.ok_or_else(|| FileError::NoSuchColumn(from.clone()))?;
        asked[at] = Some(self::plain(to));
    }
    Ok(asked)
}

/// Lower case; whatever needs quotes in SQL becomes `_`, except dots, which [`undot`] looks at.
fn plain(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    let bare = lower.trim_matches(|c| !allowed(c));
    let plain: String = bare.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if plain.is_empty() || plain.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{plain}")
    } else {
        plain
    }
}

/// `rrl.pf`, as joined tables are exported, becomes `pf`, or `rrl_pf` where there is another `pf`.
fn undot(names: &mut [String]) {
    fn last(name: &str) -> &str {
        name.rsplit('.').next().unwrap_or(name)
    }
    let mut uses: HashMap<String, usize> = HashMap::new();
    for name in names.iter() {
        *uses.entry(last(name).to_owned()).or_default() += 1;
    }
    for name in names.iter_mut().filter(|name| name.contains('.')) {
        let short = last(name);
        let alone = !short.is_empty() && uses.get(short) == Some(&1);
        *name = if alone { short.to_owned() } else { name.replace('.', "_") };
    }
}

fn refuse_duplicates(raw: &[&str], names: &[String]) -> Result<(), FileError> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(first) = seen.insert(name, at) {
            let (first, second) = (raw[first].to_owned(), raw[at].to_owned());
            return Err(FileError::DuplicateColumn { name: name.clone(), first, second });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(raw: &[&str]) -> Vec<String> {
        names(raw, &[]).expect("names without duplicates")
    }

    #[test]
    fn vizier_names_become_those_of_gaia() {
        let raw =
            ["Source", "RA_ICRS", "DE_ICRS", "Plx", "e_Plx", "pmRA", "pmDE", "Gmag", "BP-RP", "RUWE", "_x"];
        let expected = [
            "source_id",
            "ra",
            "dec",
            "parallax",
            "parallax_error",
            "pmra",
            "pmdec",
            "phot_g_mean_mag",
            "bp_rp",
            "ruwe",
            "_x",
        ];
        assert_eq!(named(&raw), expected);
    }

    #[test]
    fn a_name_of_gaia_in_the_file_is_not_taken_by_another_column() {
        assert_eq!(named(&["ra", "dec", "RA_ICRS"]), ["ra", "dec", "ra_icrs"]);
    }

    #[test]
    fn names_that_need_quotes_lose_what_needs_them() {
        assert_eq!(
            named(&["[Fe/H]", "2MASS", "E(B-V)", "a b"]),
            ["fe_h", "_2mass", "e_b-v".replace('-', "_").as_str(), "a_b"]
        );
    }

    #[test]
    fn a_dotted_name_keeps_its_last_part_where_that_is_free() {
        assert_eq!(named(&["source_id", "rrl.source_id", "rrl.pf"]), ["source_id", "rrl_source_id", "pf"]);
    }

    #[test]
    fn what_the_request_renames_wins() {
        let rename = [("RAJ2000".to_owned(), "ra".to_owned()), ("Gmag".to_owned(), "g".to_owned())];
        let names = names(&["RAJ2000", "RA_ICRS", "gmag"], &rename).expect("good names");
        assert_eq!(names, ["ra", "ra_icrs", "g"]);
    }

    #[test]
    fn two_columns_of_one_name_and_unknown_renames_are_refused() {
        let error = names(&["Plx", "plx"], &[]).expect_err("one name twice");
        assert_eq!(
            error.to_string(),
            "columns `Plx` and `plx` would both be named `plx`: rename one of them"
        );
        let error = names(&["a"], &[("b".to_owned(), "c".to_owned())]).expect_err("no b");
        assert_eq!(error.to_string(), "there is no column `b` to rename");
    }
}
