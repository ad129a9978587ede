//! The part of docs/BENCHMARKS.md that a run writes, between two marks; what people wrote around them stays.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

use super::row::{Row, table};

/// Replaces what is between the marks of `name` in a file.
pub fn write(file: &Path, name: &str, text: &str) -> Result<()> {
    let page = fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let page =
        replaced(&page, name, text).with_context(|| format!("{} has no marks of {name}", file.display()))?;
    Ok(fs::write(file, page)?)
}

/// What a run has to say: the machine and the table.
pub fn text(rows_of_the_sky: u64, rows: &[Row]) -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    format!(
        "{} rows, {cores} cores, {} GiB of memory. Times are medians; CPU is of the process that answers.\n\n{}",
        rows_of_the_sky,
        memory_gib(),
        table(rows)
    )
}

fn memory_gib() -> u64 {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    total.map_or(0, |kib| (kib + (1 << 19)) >> 20)
}

fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let [begin, end] = [format!("<!-- {name} begins -->"), format!("<!-- {name} ends -->")];
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page = "a\n<!-- x begins -->\nold\n<!-- x ends -->\nb\n";
        let new = "a\n<!-- x begins -->\nnew\n<!-- x ends -->\nb\n";
        assert_eq!(replaced(page, "x", "new").as_deref(), Some(new));
        assert_eq!(replaced(new, "x", "new").as_deref(), Some(new));
        assert_eq!(replaced(page, "y", "new"), None);
    }
}
