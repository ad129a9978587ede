//! Jobs as documents (UWS 1.1 schema). Clients look for the literal prefix `uws:`.

use std::io::Write;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::job::Job;
use super::service::Service;
use crate::dali::printable;
use crate::refusal::Refusal;
use crate::vospace::DOCUMENT as TRANSFER;

const NAMESPACES: [(&str, &str); 4] = [
    ("xmlns:uws", "http://www.ivoa.net/xml/UWS/v1.0"),
    ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("version", "1.1"),
];

type Xml = Writer<Vec<u8>>;
type Io = std::io::Result<()>;

/// One job; `url` is where it is.
pub(super) fn job(job: &Job, url: &str) -> Result<Vec<u8>, Refusal> {
    written(|xml| write_job(xml, job, url, &NAMESPACES))
}

/// Jobs whole, as astroquery's search expects them; `url` is where all jobs are.
pub(super) fn jobs_whole(jobs: &[Job], url: &str) -> Result<Vec<u8>, Refusal> {
    list(|xml| jobs.iter().try_for_each(|job| write_job(xml, job, &format!("{url}/{}", job.id), &[])))
}

/// A list of jobs (UWS 1.1 section 2.2.2.1).
pub(super) fn jobs(jobs: &[Job], url: &str) -> Result<Vec<u8>, Refusal> {
    list(|xml| jobs.iter().try_for_each(|job| write_reference(xml, job, url)))
}

/// The parameters of a job.
pub(super) fn parameters(job: &Job) -> Result<Vec<u8>, Refusal> {
    written(|xml| write_parameters(xml, job, &NAMESPACES))
}

/// The results of a job.
pub(super) fn results(job: &Job, url: &str) -> Result<Vec<u8>, Refusal> {
    written(|xml| write_results(xml, job, url, &NAMESPACES))
}

/// A time as all clients read it; pyvo wants the `Z`.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

fn written(write: impl FnOnce(&mut Xml) -> Io) -> Result<Vec<u8>, Refusal> {
    let mut xml = Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec(), b' ', 1);
    write(&mut xml).map_err(Refusal::from_io)?;
    Ok(xml.into_inner())
}

fn list(write: impl FnOnce(&mut Xml) -> Io) -> Result<Vec<u8>, Refusal> {
    written(|xml| {
        let root = xml.create_element("uws:jobs").with_attributes(NAMESPACES);
        root.write_inner_content(write).map(|_| ())
    })
}

fn write_reference(xml: &mut Xml, job: &Job, url: &str) -> Io {
    let href = format!("{url}/{}", job.id);
    let attributes = [("id", job.id.as_str()), ("xlink:href", href.as_str())];
    xml.create_element("uws:jobref").with_attributes(attributes).write_inner_content(|xml| {
        text(xml, "uws:phase", job.phase.name())?;
        if !job.run_id.is_empty() {
            text(xml, "uws:runId", &job.run_id)?;
        }
        if !job.owner.is_empty() {
            text(xml, "uws:ownerId", &job.owner)?;
        }
        text(xml, "uws:creationTime", &time(job.created_at))
    })?;
    Ok(())
}

fn write_job(xml: &mut Xml, job: &Job, url: &str, namespaces: &[(&str, &str)]) -> Io {
    let root = xml.create_element("uws:job").with_attributes(namespaces.iter().copied());
    root.write_inner_content(|xml| {
        text(xml, "uws:jobId", &job.id)?;
        if !job.run_id.is_empty() {
            text(xml, "uws:runId", &job.run_id)?;
        }
        or_nil(xml, "uws:ownerId", Some(job.owner.as_str()).filter(|owner| !owner.is_empty()))?;
        text(xml, "uws:phase", job.phase.name())?;
        or_nil(xml, "uws:quote", quote(job).as_deref())?;
        text(xml, "uws:creationTime", &time(job.created_at))?;
        or_nil(xml, "uws:startTime", job.started_at.map(time).as_deref())?;
        or_nil(xml, "uws:endTime", job.ended_at.map(time).as_deref())?;
        text(xml, "uws:executionDuration", &job.execution_seconds.to_string())?;
        text(xml, "uws:destruction", &time(job.destruction_at))?;
        write_parameters(xml, job, &[])?;
        write_results(xml, job, url, &[])?;
        if let Some(message) = &job.message {
            let summary = xml.create_element("uws:errorSummary");
            let summary = summary.with_attributes([("type", "fatal"), ("hasDetail", "true")]);
            summary.write_inner_content(|xml| text(xml, "uws:message", message))?;
        }
        if let Some(transfer) = job.parameter(TRANSFER) {
            // It was written here, and begins with the declaration of a document.
            let element = transfer.split_once("?>").map_or(transfer, |(_, element)| element.trim());
            xml.create_element("uws:jobInfo")
                .write_inner_content(|xml| xml.get_mut().write_all(element.as_bytes()))?;
        }
        if !job.name.is_empty() {
            xml.create_element("uws:jobInfo").write_inner_content(|xml| text(xml, "jobname", &job.name))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// When the job will probably be done, or would probably have been (`pace`).
pub(super) fn quote(job: &Job) -> Option<String> {
    job.quote_at.map(time)
}

fn write_parameters(xml: &mut Xml, job: &Job, namespaces: &[(&str, &str)]) -> Io {
    let root = xml.create_element("uws:parameters").with_attributes(namespaces.iter().copied());
    root.write_inner_content(|xml| {
        job.parameters.iter().filter(|(name, _)| name != TRANSFER).try_for_each(|(name, value)| {
            let (name, value) = (printable(name), printable(value));
            let element = xml.create_element("uws:parameter").with_attribute(("id", name.as_str()));
            element.write_text_content(BytesText::new(&value)).map(|_| ())
        })
    })?;
    Ok(())
}

fn write_results(xml: &mut Xml, job: &Job, url: &str, namespaces: &[(&str, &str)]) -> Io {
    let root = xml.create_element("uws:results").with_attributes(namespaces.iter().copied());
    root.write_inner_content(|xml| {
        let Some(result) = &job.result else { return Ok(()) };
        let name = Service::of(&job.id).result();
        let (href, size) = (format!("{url}/results/{name}"), result.bytes.to_string());
        let element = xml.create_element("uws:result").with_attributes([
            ("id", name),
            ("xlink:type", "simple"),
            ("xlink:href", href.as_str()),
            ("mime-type", result.media_type.as_str()),
            ("size", size.as_str()),
        ]);
        element.write_empty().map(|_| ())
    })?;
    Ok(())
}

fn text(xml: &mut Xml, element: &str, value: &str) -> Io {
    let value = printable(value);
    xml.create_element(element).write_text_content(BytesText::new(&value)).map(|_| ())
}

fn or_nil(xml: &mut Xml, element: &str, value: Option<&str>) -> Io {
    match value {
        Some(value) => text(xml, element, value),
        None => xml.create_element(element).with_attribute(("xsi:nil", "true")).write_empty().map(|_| ()),
    }
}
