//! The files of a request, made and sent one group of identifiers after the other. The same request gives the same bytes:
//! the engine has no order, and so products are put into that of the request.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use catalogue::engine::RetrievalType;
use futures::TryStreamExt;
use std::sync::Arc;

use super::lookup::{self, GROUP};
use super::order::in_order;
use super::products::{measurements, with_id};
use super::request::{DataRequest, Structure};
use super::zip::Zip;
use crate::answer::{Sink, Table, WriteError};
use crate::app::App;
use crate::format::{About, Brackets, Ending, Writer};
use crate::identity::Caller;
use crate::refusal::Refusal;

/// A request whose first products have been found.
pub(super) struct Bundle {
    app: App,
    caller: Caller,
    first: Option<Table>,
    files: Files,
}

/// What the files are made of. It moves to where work does not keep other connections waiting, and back.
struct Files {
    asked: DataRequest,
    /// Nothing where the answer is one file.
    zip: Option<Zip>,
    /// The file that many sources share.
    shared: Option<Box<dyn Writer>>,
    missing: Vec<Missing>,
    written: bool,
}

/// A source without a product: its identifier, the kind, and the reason, which many share.
type Missing = (i64, &'static str, Arc<str>);

/// Rows of the list of what is missing that are written together.
const MISSING_ROWS: usize = 8_192;

impl Bundle {
    /// Starts the first lookup, so that what cannot be looked up is refused.
    pub(super) async fn open(app: &App, caller: &Caller, asked: DataRequest) -> Result<Self, Refusal> {
        let group = &asked.ids[..asked.ids.len().min(GROUP)];
        let first = lookup::products(app, caller, &asked.release, asked.retrievals[0], group).await?;
        let first = first.started().await?;
        let zip = (!asked.single_file()).then(Zip::new).transpose().map_err(ArrowError::from)?;
        let files = Files { asked, zip, shared: None, missing: Vec::new(), written: false };
        Ok(Self { app: app.clone(), caller: caller.clone(), first: Some(first), files })
    }

    /// Makes all files.
    pub(super) async fn send(mut self, sink: &mut impl Sink) -> Result<(), WriteError> {
        let asked = self.files.asked.clone();
        for &retrieval in &asked.retrievals {
            for group in asked.ids.chunks(GROUP) {
                let table = match self.first.take() {
                    Some(table) => table,
                    None => {
                        lookup::products(&self.app, &self.caller, &asked.release, retrieval, group).await?
                    }
                };
                let found: Vec<RecordBatch> = table.rows.try_collect().await?;
                for batch in in_order(found, group)? {
                    let add = move |files: &mut Files, out: &mut Vec<u8>| files.add(retrieval, &batch?, out);
                    self.files = work(self.files, sink, add).await?;
                }
            }
            self.files = work(self.files, sink, move |files, out| files.end_shared(out)).await?;
        }
        let mut files = work(self.files, sink, Files::finish).await?;
        while files.zip.is_some() {
            files = work(files, sink, Files::end_zip).await?;
        }
        Ok(())
    }
}

async fn work(
    mut files: Files,
    sink: &mut impl Sink,
    make: impl FnOnce(&mut Files, &mut Vec<u8>) -> Result<(), ArrowError> + Send + 'static,
) -> Result<Files, WriteError> {
    let made = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        make(&mut files, &mut out).map(|()| (files, out))
    });
    let (files, out) = made.await.map_err(|_| WriteError::Gone)??;
    if !out.is_empty() {
        sink.put(out).await?;
    }
    Ok(files)
}

impl Files {
    /// Products of one kind.
    fn add(
        &mut self,
        retrieval: RetrievalType,
        batch: &RecordBatch,
        out: &mut Vec<u8>,
    ) -> Result<(), ArrowError> {
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let missing = batch.column(1);
        let reasons = arrow::compute::cast(missing, &DataType::Utf8)?;
        let reasons = reasons.as_string::<i32>();
        for row in (0..batch.num_rows()).filter(|&row| reasons.is_valid(row)) {
            let why = self.reason(reasons.value(row));
            self.missing.push((ids.value(row), retrieval.name(), why));
        }
        let Some(products) = batch.columns().get(2) else { return Ok(()) };
        if self.asked.structure == Structure::Raw {
            let there = arrow::compute::is_null(reasons)?;
            let found = filter_record_batch(batch, &there)?;
            let ids = found.column(0).as_primitive::<Int64Type>().values().to_vec();
            return self.add_shared(retrieval, &with_id(&ids, found.column(2).as_struct())?, out);
        }
        for row in (0..batch.num_rows()).filter(|&row| reasons.is_null(row)) {
            let id = ids.value(row);
            let valid_only = self.asked.valid_only;
            let measurements = measurements(retrieval, id, products.as_struct(), row, valid_only)?;
            match self.asked.structure {
                Structure::Individual => {
                    let name = self.asked.name_of(retrieval, id);
                    self.file(&name, &measurements, out)?;
                }
                Structure::Combined | Structure::Raw => self.add_shared(retrieval, &measurements, out)?,
            }
        }
        Ok(())
    }

    /// The text, once for all sources in a row that have it.
    fn reason(&self, why: &str) -> Arc<str> {
        let last = self.missing.last().map(|(.., last)| last);
        last.filter(|last| ***last == *why).map_or_else(|| why.into(), Arc::clone)
    }

    fn writer(&self) -> Box<dyn Writer> {
        let brackets = Brackets::Round;
        self.asked.offer.writer(About { brackets, ..About::default() })
    }

    /// A whole file.
    fn file(&mut self, name: &str, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let mut writer = self.writer();
        let mut text = Vec::new();
        writer.begin(rows.schema_ref(), &mut text)?;
        writer.rows(rows, &mut text)?;
        while !writer.end(&Ending::Complete, &mut text)? {}
        self.written = true;
        self.begin(name, out);
        self.put(&mut text, out)?;
        self.close(out)
    }

    /// More rows of the file that all sources share.
    fn add_shared(
        &mut self,
        retrieval: RetrievalType,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
    ) -> Result<(), ArrowError> {
        self.more(&self.asked.name_of_all(retrieval), rows, out)
    }

    /// More rows of the file `name`, which begins with the first.
    fn more(&mut self, name: &str, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let mut text = Vec::new();
        let mut writer = match self.shared.take() {
            Some(writer) => writer,
            None => {
                let mut writer = self.writer();
                self.begin(name, out);
                writer.begin(rows.schema_ref(), &mut text)?;
                self.written = true;
                writer
            }
        };
        writer.rows(rows, &mut text)?;
        self.shared = Some(writer);
        self.put(&mut text, out)
    }

    fn end_shared(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let Some(mut writer) = self.shared.take() else { return Ok(()) };
        let mut text = Vec::new();
        while !writer.end(&Ending::Complete, &mut text)? {
            self.put(&mut text, out)?;
            text.clear();
        }
        self.put(&mut text, out)?;
        self.close(out)
    }

    /// The file that says what is missing, and why; the only one where there is nothing else.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let told = !self.missing.is_empty() && (self.zip.is_some() || !self.written);
        if told {
            let name = format!("MISSING.{}", self.asked.extension());
            let absent = std::mem::take(&mut self.missing);
            for rows in absent.chunks(MISSING_ROWS) {
                self.more(&name, &missing(rows)?, out)?;
            }
            self.end_shared(out)?;
        }
        Ok(self.zip.as_mut().map_or(Ok(()), Zip::finish)?)
    }

    /// A piece of what comes after the files.
    fn end_zip(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        if let Some(zip) = &mut self.zip
            && zip.rest(out)?
        {
            self.zip = None;
        }
        Ok(())
    }

    fn begin(&mut self, name: &str, out: &mut Vec<u8>) {
        if let Some(zip) = &mut self.zip {
            zip.begin(name, out);
        }
    }

    fn put(&mut self, text: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        match &mut self.zip {
            Some(zip) => zip.write(text, out)?,
            None => out.append(text),
        }
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        if let Some(zip) = &mut self.zip {
            zip.end(out)?;
        }
        Ok(())
    }
}

fn missing(missing: &[Missing]) -> Result<RecordBatch, ArrowError> {
    let names = ["source_id", "retrieval_type", "missing"];
    let types = [DataType::Int64, DataType::Utf8, DataType::Utf8];
    let fields: Vec<Field> =
        names.into_iter().zip(types).map(|(name, data_type)| Field::new(name, data_type, false)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(missing.iter().map(|(id, ..)| *id).collect::<Int64Array>()),
        Arc::new(missing.iter().map(|(_, kind, _)| Some(*kind)).collect::<StringArray>()),
        Arc::new(missing.iter().map(|(.., why)| Some(&**why)).collect::<StringArray>()),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
