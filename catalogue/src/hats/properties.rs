//! `hats.properties`: what a table says about itself, one `key=value` a line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{HatsError, layout};

/// The keys that Nearside understands, and all others as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// `obs_collection`: the table's name.
    pub name: String,
    /// `dataproduct_type`: `object` or `source` for tables of rows on the sky.
    pub product: String,
    /// `hats_nrows`.
    pub rows: Option<u64>,
    /// `hats_col_ra`.
    pub ra_column: String,
    /// `hats_col_dec`.
    pub dec_column: String,
    /// `hats_col_healpix`, when the table has an index column.
    pub healpix_column: Option<String>,
    /// `hats_col_healpix_order`: the order of the index column.
    pub healpix_order: Option<u8>,
    /// `hats_npix_suffix`: how names of tiles end; `/` for directories.
    pub npix_suffix: String,
    /// Every other key.
    pub others: BTreeMap<String, String>,
}

/// Reads the properties of the table in `dir`: `hats.properties`, or `properties` as older writers named it.
pub fn read(dir: &Path) -> Result<Properties, HatsError> {
    let path = file(dir).unwrap_or_else(|| dir.join(layout::PROPERTIES));
    let text = std::fs::read_to_string(&path).map_err(HatsError::io("read", &path))?;
    Properties::parse(&text).map_err(|problem| HatsError::Properties { path, problem })
}

/// The properties file of the table in `dir`; `None` when no table is there.
pub fn file(dir: &Path) -> Option<PathBuf> {
    [layout::PROPERTIES, layout::OLD_PROPERTIES]
        .map(|name| dir.join(name))
        .into_iter()
        .find(|path| path.is_file())
}

/// `dataproduct_type` of the table in `dir`, which products other than tables of rows on the sky have too.
pub fn product(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file(dir)?).ok()?;
    pairs(&text).remove("dataproduct_type")
}

impl Properties {
    /// Reads the text of a properties file. Fails with what is wrong with which key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut others = pairs(text);
        let mut take = |key: &str| others.remove(key).filter(|value| !value.is_empty());
        let properties = Self {
            name: take("obs_collection").ok_or("obs_collection is missing")?,
            product: take("dataproduct_type").ok_or("dataproduct_type is missing")?,
            rows: number(take("hats_nrows"), "hats_nrows")?,
            ra_column: take("hats_col_ra").ok_or("hats_col_ra is missing")?,
            dec_column: take("hats_col_dec").ok_or("hats_col_dec is missing")?,
            healpix_column: take("hats_col_healpix"),
            healpix_order: number(take("hats_col_healpix_order"), "hats_col_healpix_order")?,
            npix_suffix: take("hats_npix_suffix").unwrap_or_else(|| ".parquet".to_owned()),
            others: BTreeMap::new(),
        };
        Ok(Self { others, ..properties })
    }
}

/// The pairs of a Java-style properties file, as far as HATS uses that format: a line each, `\` before a
/// character that would mean something else.
pub(super) fn pairs(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', '!']))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (plain(key.trim()), plain(value.trim())))
        .collect()
}

/// Without the `\` before characters; `\uXXXX` is the character of that code.
fn plain(escaped: &str) -> String {
    let mut text = String::with_capacity(escaped.len());
    let mut rest = escaped.chars();
    while let Some(character) = rest.next() {
        let next = if character == '\\' { rest.next() } else { Some(character) };
        match next {
            Some('u') if character == '\\' => {
                let code = rest.as_str().get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                text.extend(code.and_then(char::from_u32));
                rest = rest.as_str().get(4..).unwrap_or_default().chars();
            }
            next => text.extend(next),
        }
    }
    text
}

fn number<T: std::str::FromStr>(value: Option<String>, key: &str) -> Result<Option<T>, String> {
    value.map(|text| text.parse().map_err(|_| format!("{key} is {text:?}, not a number"))).transpose()
}

impl fmt::Display for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            product,
            rows,
            ra_column,
            dec_column,
            healpix_column,
            healpix_order,
            npix_suffix,
            others,
        } = self;
        let rows = rows.map(|rows| rows.to_string());
        let healpix_order = healpix_order.map(|order| order.to_string());
        writeln!(f, "#HATS catalog")?;
        for (key, value) in [
            ("obs_collection", Some(name)),
            ("dataproduct_type", Some(product)),
            ("hats_nrows", rows.as_ref()),
            ("hats_col_ra", Some(ra_column)),
            ("hats_col_dec", Some(dec_column)),
            ("hats_col_healpix", healpix_column.as_ref()),
            ("hats_col_healpix_order", healpix_order.as_ref()),
            ("hats_npix_suffix", Some(npix_suffix)),
        ] {
            if let Some(value) = value {
                writeln!(f, "{key}={}", one_line(value))?;
            }
        }
        others.iter().try_for_each(|(key, value)| writeln!(f, "{key}={}", one_line(value)))
    }
}

/// A line break would begin a new key, and a single `\` would take the next character's meaning away.
fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").replace('\\', "\\\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: &str = "#HATS catalog\nobs_collection=small_sky\ndataproduct_type=object\nhats_nrows=131\n\
        hats_col_ra=ra\nhats_col_dec = dec\nhats_max_rows=1000000\nhats_version=v1.0\n";

    #[test]
    fn properties_of_other_writers_are_read() {
        let expected = Properties {
            name: "small_sky".into(),
            product: "object".into(),
            rows: Some(131),
            ra_column: "ra".into(),
            dec_column: "dec".into(),
            healpix_column: None,
            healpix_order: None,
            npix_suffix: ".parquet".into(),
            others: [("hats_max_rows", "1000000"), ("hats_version", "v1.0")]
                .map(|(key, value)| (key.into(), value.into()))
                .into(),
        };
        assert_eq!(Properties::parse(FOREIGN), Ok(expected.clone()));
        assert_eq!(Properties::parse(&expected.to_string()), Ok(expected));
    }

    #[test]
    fn a_value_cannot_smuggle_in_another_key() {
        let mut properties = Properties::parse(FOREIGN).expect("good properties");
        properties.others.insert("obs_title".into(), "two\nhats_nrows=7".into());
        let reread = Properties::parse(&properties.to_string()).expect("good properties");
        assert_eq!(reread.rows, Some(131));
    }

    #[test]
    fn a_backslash_survives_and_escapes_of_other_writers_are_read() {
        let mut properties = Properties::parse(FOREIGN).expect("good properties");
        properties.others.insert("obs_title".into(), r"$\mu$ and C:\users".into());
        assert_eq!(Properties::parse(&properties.to_string()), Ok(properties));
        assert_eq!(pairs(r"a\:b=\u03b1\=1")["a:b"], "α=1");
    }

    #[test]
    fn an_error_names_the_key() {
        let without = |key: &str| FOREIGN.replace(key, "x");
        assert_eq!(Properties::parse(&without("hats_col_ra")), Err("hats_col_ra is missing".into()));
        assert_eq!(
            Properties::parse(&FOREIGN.replace("131", "many")),
            Err("hats_nrows is \"many\", not a number".into())
        );
    }
}
