//! `collection.properties`: a table together with its margins and indexes. Only the table is of interest here:
//! the rows of a margin are rows of the table once more, and an index has no rows of the sky.

use std::path::{Component, Path, PathBuf};

use super::{HatsError, layout, properties};

/// Whether `dir` is a collection.
pub fn is_one(dir: &Path) -> bool {
    dir.join(layout::COLLECTION).is_file()
}

/// The directory of the table of the collection in `dir`. Fails when the collection names none inside itself.
pub fn primary(dir: &Path) -> Result<PathBuf, HatsError> {
    let path = dir.join(layout::COLLECTION);
    let text = std::fs::read_to_string(&path).map_err(HatsError::io("read", &path))?;
    let table = properties::pairs(&text).remove("hats_primary_table_url").unwrap_or_default();
    let problem = |problem: String| HatsError::Properties { path: path.clone(), problem };
    if table.is_empty() {
        return Err(problem("hats_primary_table_url is missing".to_owned()));
    }
    let inside = Path::new(&table).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || properties::file(&dir.join(&table)).is_none() {
        return Err(problem(format!("hats_primary_table_url is {table:?}, but no table is there")));
    }
    Ok(dir.join(table))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_table_of_a_collection_is_found_and_one_outside_is_not() {
        let parent = tempfile::tempdir().expect("a directory");
        let dir = parent.path().join("collection");
        for table in ["outside", "collection/stars", "collection/stars_margin"] {
            fs::create_dir_all(parent.path().join(table)).expect("a directory");
            fs::write(parent.path().join(table).join("hats.properties"), "").expect("a file");
        }
        assert!(!is_one(&dir));
        let naming = |table: &str| {
            let text =
                format!("#HATS Collection\nhats_primary_table_url={table}\nall_margins=stars_margin\n");
            fs::write(dir.join("collection.properties"), text).expect("a file");
            primary(&dir).map_err(|error| error.to_string())
        };
        assert_eq!(naming("stars"), Ok(dir.join("stars")));
        for elsewhere in ["../outside", "nowhere", "/", ""] {
            let told = naming(elsewhere).expect_err("it is no table of the collection");
            assert!(told.contains("collection.properties: hats_primary_table_url is"), "{told}");
        }
    }
}
