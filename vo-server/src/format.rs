//! The formats of answers: the names by which clients ask for them, and what writes each.
//!
//! Every writer sees one batch after the other and keeps none, so that the length of an answer costs no memory.

mod arrow;
mod ecsv;
mod fits;
mod json;
mod parquet;
mod text;
pub(crate) mod votable;

use ::arrow::array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

use crate::refusal::Refusal;
pub(crate) use text::Brackets;
use text::{Style, Text};
pub(crate) use votable::{Descriptor, Input, Serialization};

/// A format of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// VOTable 1.4.
    VoTable {
        /// How rows are written.
        serialization: Serialization,
        /// Whether the document is compressed.
        gzip: bool,
    },
    /// Values between commas, with a line of names first (RFC 4180).
    Csv,
    /// Values between tabs.
    Tsv,
    /// `{"metadata": [...], "data": [[...]]}`.
    Json,
    /// Enhanced CSV.
    Ecsv,
    /// A FITS binary table.
    Fits,
    /// Parquet with a VOTable in its metadata.
    Parquet,
    /// An Arrow IPC stream.
    Arrow,
}

/// A format with the names that clients may use for it, the first of which is its media type.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The format.
    pub format: Format,
    /// Its media type.
    pub media_type: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// How files of it end.
    pub extension: &'static str,
}

const fn votable(serialization: Serialization, gzip: bool) -> Format {
    Format::VoTable { serialization, gzip }
}

/// Everything that can be asked for; the first is what a client gets that asks for nothing.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        format: votable(Serialization::Binary2, false),
        media_type: "application/x-votable+xml",
        aliases: &["votable", "application/x-votable+xml;serialization=binary2", "votable/b2"],
        extension: "vot",
    },
    Offer {
        format: votable(Serialization::Binary2, true),
        media_type: "application/x-votable+xml;content=gzip",
        aliases: &["votable_gzip"],
        extension: "vot.gz",
    },
    Offer {
        format: votable(Serialization::TableData, false),
        media_type: "application/x-votable+xml;serialization=tabledata",
        aliases: &["votable_plain", "text/xml", "application/xml", "votable/td"],
        extension: "vot",
    },
    Offer {
        format: votable(Serialization::Binary, false),
        media_type: "application/x-votable+xml;serialization=binary",
        aliases: &["votable/b"],
        extension: "vot",
    },
    Offer {
        format: Format::Csv,
        media_type: "text/csv",
        aliases: &["csv", "text/csv;header=present"],
        extension: "csv",
    },
    Offer {
        format: Format::Tsv,
        media_type: "text/tab-separated-values",
        aliases: &["tsv"],
        extension: "tsv",
    },
    Offer { format: Format::Json, media_type: "application/json", aliases: &["json"], extension: "json" },
    Offer {
        format: Format::Ecsv,
        media_type: "text/ecsv",
        aliases: &["ecsv", "application/x-ecsv"],
        extension: "ecsv",
    },
    Offer {
        format: Format::Fits,
        media_type: "application/fits",
        aliases: &["fits", "application/x-fits"],
        extension: "fits",
    },
    Offer {
        format: Format::Parquet,
        media_type: "application/vnd.apache.parquet",
        aliases: &["parquet"],
        extension: "parquet",
    },
    Offer {
        format: Format::Arrow,
        media_type: "application/vnd.apache.arrow.stream",
        aliases: &["arrow"],
        extension: "arrows",
    },
];

impl Offer {
    /// What a client asked for, without regard to case and blanks.
    pub(crate) fn named(asked: Option<&str>) -> Result<&'static Self, Refusal> {
        let Some(asked) = asked else { return Ok(&OFFERS[0]) };
        let name: String = asked.to_ascii_lowercase().chars().filter(|c| !matches!(c, ' ' | '"')).collect();
        let found =
            OFFERS.iter().find(|offer| offer.media_type == name || offer.aliases.contains(&name.as_str()));
        found.ok_or_else(|| Refusal::Value {
            name: "FORMAT",
            value: asked.to_owned(),
            hint: "the capabilities list the formats".to_owned(),
        })
    }

    /// The offer of a format.
    pub(crate) fn of(format: Format) -> &'static Self {
        OFFERS.iter().find(|offer| offer.format == format).unwrap_or(&OFFERS[0])
    }

    /// What writes this format.
    pub(crate) fn writer(&self, about: About) -> Box<dyn Writer> {
        match self.format {
            Format::VoTable { serialization, gzip } => {
                let writer = votable::VoTable::new(serialization, about);
                if gzip { Box::new(Gzip::new(writer)) } else { Box::new(writer) }
            }
            Format::Csv => Box::new(Text::new(Style::Csv(about.brackets))),
            Format::Tsv => Box::new(Text::new(Style::Tsv(about.brackets))),
            Format::Json => Box::new(json::Json::default()),
            Format::Ecsv => Box::new(ecsv::Ecsv::default()),
            Format::Fits => Box::new(fits::Fits::default()),
            Format::Parquet => Box::new(parquet::Parquet::new(about)),
            Format::Arrow => Box::new(arrow::Stream::default()),
        }
    }
}

/// What some formats say about an answer beside its rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// Names and values of INFO elements.
    pub infos: Vec<(&'static str, String)>,
    /// Services that take values of this answer.
    pub descriptors: Vec<Descriptor>,
    /// How lists are written in text.
    pub brackets: Brackets,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With its last row.
    Complete,
    /// With the last row that was asked for, and there are more.
    Overflow,
    /// Early, and why.
    Failed(String),
}

/// Writes one answer.
pub(crate) trait Writer: Send {
    /// What comes before the rows.
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError>;
    /// Rows.
    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError>;
    /// What comes after the rows, in pieces: it is called again until it says that it was the last.
    fn end(&mut self, ending: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError>;
    /// Whether [`Writer::end`] can tell the client that the answer is not whole.
    fn can_tell_failure(&self) -> bool {
        false
    }
}

/// Compresses what another writer writes.
struct Gzip<W> {
    writer: W,
    encoder: GzEncoder<Vec<u8>>,
    piece: Vec<u8>,
}

impl<W: Writer> Gzip<W> {
    fn new(writer: W) -> Self {
        // Level 1 compresses catalogues about as well as the others, and several times as fast.
        let encoder = GzEncoder::new(Vec::new(), Compression::fast());
        Self { writer, encoder, piece: Vec::new() }
    }

    fn compress(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.encoder.write_all(&self.piece)?;
        self.piece.clear();
        out.append(self.encoder.get_mut());
        Ok(())
    }
}

impl<W: Writer> Writer for Gzip<W> {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.writer.begin(schema, &mut self.piece)?;
        self.compress(out)
    }

    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.writer.rows(batch, &mut self.piece)?;
        self.compress(out)
    }

    fn end(&mut self, ending: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        let last = self.writer.end(ending, &mut self.piece)?;
        self.compress(out)?;
        if last {
            self.encoder.try_finish()?;
            out.append(self.encoder.get_mut());
        }
        Ok(last)
    }

    fn can_tell_failure(&self) -> bool {
        self.writer.can_tell_failure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_format_leads_to_it() {
        for offer in OFFERS {
            for name in offer.aliases.iter().chain([&offer.media_type]) {
                let found = Offer::named(Some(&name.to_uppercase())).expect("a name that is offered");
                assert_eq!(found.format, offer.format, "{name}");
            }
        }
        assert_eq!(Offer::named(None).expect("the default").extension, "vot");
        let refused = Offer::named(Some("gbin")).map(|offer| offer.media_type).expect_err("not offered");
        assert_eq!(refused.to_string(), "FORMAT = 'gbin' is not possible: the capabilities list the formats");
    }
}
