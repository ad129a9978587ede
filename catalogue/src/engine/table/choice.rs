//! What a scan is about to read, in numbers: how much of the sky, and which part of the table. For EXPLAIN.

use std::fmt;

use crate::engine::index::{Index, Part};
use crate::engine::narrow::Narrowing;

/// The part of a table that a scan reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Ranges of HEALPix numbers that cover the wanted part of the sky; `None` is all of it.
    cover: Option<usize>,
    /// Ranges of source identifiers; `None` is any.
    ids: Option<usize>,
    files: Share,
    row_groups: Share,
    pages: Share,
    /// Rows of the chosen pages.
    pub(super) rows: usize,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share(usize, usize);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.0, self.1)
    }
}

impl Choice {
    /// All rows.
    pub(super) fn everything(index: &Index) -> Self {
        let (files, groups, pages) = (index.files.len(), index.row_groups(), index.pages());
        Self {
            files: Share(files, files),
            row_groups: Share(groups, groups),
            pages: Share(pages, pages),
            rows: usize::try_from(index.rows()).unwrap_or(usize::MAX),
            ..Self::default()
        }
    }

    /// Some parts.
    pub(super) fn parts(index: &Index, narrowing: &Narrowing, parts: &[Part]) -> Self {
        let groups = parts.iter().map(|part| part.row_groups(&index.files[part.file])).sum();
        Self {
            cover: narrowing.healpix.as_ref().map(|ranges| ranges.len()),
            ids: narrowing.source_id.as_ref().map(|ranges| ranges.len()),
            files: Share(parts.len(), index.files.len()),
            row_groups: Share(groups, index.row_groups()),
            pages: Share(parts.iter().map(|part| part.pages).sum(), index.pages()),
            rows: parts.iter().map(Part::row_count).sum(),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cover {
            Some(ranges) => write!(f, "cover={ranges} ranges")?,
            None => write!(f, "cover=whole sky")?,
        }
        if let Some(ranges) = self.ids {
            write!(f, ", source_id={ranges} ranges")?;
        }
        let Self { files, row_groups, pages, rows, .. } = self;
        write!(f, ", files={files}, row_groups={row_groups}, pages={pages}, rows={rows}")
    }
}
