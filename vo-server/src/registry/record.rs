//! One record of a service (VOResource 1.1 section 3).

use quick_xml::escape::escape;

use crate::app::App;

/// Characters of a short name.
const SHORT_NAME: usize = 16;

/// The prefixes that records use.
pub(super) const NAMESPACES: &str = "xmlns:ri=\"http://www.ivoa.net/xml/RegistryInterface/v1.0\" \
xmlns:vr=\"http://www.ivoa.net/xml/VOResource/v1.0\" \
xmlns:vs=\"http://www.ivoa.net/xml/VODataService/v1.1\" \
xmlns:tr=\"http://www.ivoa.net/xml/TAPRegExt/v1.0\" \
xmlns:cs=\"http://www.ivoa.net/xml/ConeSearch/v1.0\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

/// What is said of a service.
pub(super) struct Record {
    /// The last part of its identifier.
    pub name: String,
    /// Its type in VOResource.
    pub kind: &'static str,
    pub title: String,
    /// What it is for.
    pub about: String,
    /// Its `capability` elements.
    pub capabilities: String,
}

impl Record {
    /// The element.
    pub(super) fn text(&self, app: &App) -> String {
        let Self { name, kind, title, about, capabilities } = self;
        let (authority, publisher) = (escape(&app.config.authority), escape(&app.config.publisher));
        let since = app.started.strftime("%Y-%m-%dT%H:%M:%SZ");
        let short: String = name.chars().take(SHORT_NAME).collect();
        format!(
            "<ri:Resource xsi:type=\"{kind}\" created=\"{since}\" updated=\"{since}\" status=\"active\" {NAMESPACES}>\n\
             <title>{}</title>\n<shortName>{}</shortName>\n<identifier>ivo://{authority}/{}</identifier>\n\
             <curation>\n<publisher>{publisher}</publisher>\n<contact>\n<name>{publisher}</name>\n</contact>\n</curation>\n\
             <content>\n<subject>catalogs</subject>\n<subject>gaia</subject>\n<description>{}</description>\n\
             <referenceURL>{}/</referenceURL>\n<type>Catalog</type>\n<contentLevel>Research</contentLevel>\n</content>\n\
             {capabilities}</ri:Resource>\n",
            escape(title),
            escape(&short),
            escape(name),
            escape(about.trim()),
            escape(app.base_url()),
        )
    }
}

/// A capability with one address, and what follows it in its type.
pub(super) fn capability(kind: &str, standard: &str, url: &str, more: &str) -> String {
    format!(
        "<capability{kind} standardID=\"{standard}\">\n<interface xsi:type=\"vs:ParamHTTP\" role=\"std\">\n\
         <accessURL use=\"base\">{}</accessURL>\n</interface>\n{more}</capability>\n",
        escape(url)
    )
}
