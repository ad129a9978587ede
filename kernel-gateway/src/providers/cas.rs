//! CAS 3 (the CAS protocol 3.0 specification): a ticket in the address is exchanged for a name.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use url::Url;

use super::ask::Ask;
use super::{Answer, Attempt, ProviderError, in_few_words, is_private};
use crate::config::CasConfig;
use crate::identity::Person;

/// Longest name in bytes.
const NAME_MAX_BYTES: usize = 255;

/// A provider that speaks CAS.
pub struct Cas {
    url: Url,
    ask: Ask,
}

impl Cas {
    /// The server whose `/login` is below `config.url`. The error says what is wrong with the configuration.
    pub fn new(config: &CasConfig, ask: Ask) -> Result<Self, String> {
        let with_slash = format!("{}/", config.url.trim_end_matches('/'));
        let url = Url::parse(&with_slash).map_err(|error| format!("its url is no address: {error}"))?;
        if !is_private(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err("its url is not an https:// address without '?' and '#'".to_owned());
        }
        Ok(Self { url, ask })
    }

    /// Where the browser signs in (section 2.1).
    pub fn address(&self, attempt: &Attempt, back: Url) -> Url {
        let mut address = self.below("login");
        address.query_pairs_mut().append_pair("service", service(attempt, back).as_str());
        address
    }

    /// Whose ticket it is (section 2.8). A ticket is good once, and for the service that it was given to.
    pub async fn person(
        &self,
        attempt: &Attempt,
        back: Url,
        answer: Answer,
    ) -> Result<Person, ProviderError> {
        let ticket = answer.ticket.ok_or(ProviderError::distrust("ticket of the answer"))?;
        let mut address = self.below("p3/serviceValidate");
        address
            .query_pairs_mut()
            .append_pair("service", service(attempt, back).as_str())
            .append_pair("ticket", &ticket);
        let (_, body) = Ask::text(self.ask.get(address)).await?;
        let text = String::from_utf8(body).map_err(ProviderError::away)?;
        match verdict(&text).map_err(ProviderError::away)? {
            Verdict::User(name) => {
                let issuer = self.url.as_str().trim_end_matches('/').to_owned();
                Ok(Person { issuer, subject: name.clone(), wished_name: name })
            }
            Verdict::Failure(reason) => Err(ProviderError::Refused(in_few_words(&reason))),
        }
    }

    fn below(&self, path: &str) -> Url {
        self.url.join(path).expect("a path below an address is one")
    }
}

/// Our address as the server knows it. CAS has no `state`, so that it is part of the address.
fn service(attempt: &Attempt, mut back: Url) -> Url {
    back.query_pairs_mut().append_pair("state", &attempt.state());
    back
}

/// What the server says of a ticket.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    User(String),
    Failure(String),
}

/// Reads `cas:serviceResponse` (appendix A): one user within a success, or the text of a failure.
fn verdict(xml: &str) -> Result<Verdict, String> {
    let mut reader = Reader::from_str(xml);
    let mut path: Vec<String> = Vec::new();
    let (mut users, mut failures) = (Vec::<String>::new(), Vec::<String>::new());
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let piece = text_of(&event)?;
        let opens = matches!(event, Event::Start(_));
        match event {
            Event::Start(start) => path.push(start.local_name().as_ref().to_owned()),
            Event::End(_) => drop(path.pop()),
            Event::DocType(_) => return Err("a document type has no place here".to_owned()),
            Event::Eof => break,
            _ => {}
        }
        let found = match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["serviceResponse", "authenticationSuccess", "user"] => &mut users,
            ["serviceResponse", "authenticationFailure"] => &mut failures,
            _ => continue,
        };
        if opens {
            found.push(String::new());
        }
        if let (Some(piece), Some(last)) = (piece, found.last_mut()) {
            *last += &piece;
        }
    }
    match (users.as_slice(), failures.as_slice()) {
        (_, [reason, ..]) => Ok(Verdict::Failure(reason.trim().to_owned())),
        ([user], []) if path.is_empty() => named(user.trim()),
        _ => Err("neither one user nor a failure".to_owned()),
    }
}

fn named(user: &str) -> Result<Verdict, String> {
    if user.is_empty() || user.len() > NAME_MAX_BYTES {
        return Err(format!("a name has 1 to {NAME_MAX_BYTES} bytes"));
    }
    Ok(Verdict::User(user.to_owned()))
}

/// The characters of a piece of text. None for what is no text.
fn text_of(event: &Event<'_>) -> Result<Option<String>, String> {
    Ok(match event {
        Event::Text(text) => Some(text.xml10_content().into_owned()),
        Event::CData(text) => Some(text.xml10_content().into_owned()),
        Event::GeneralRef(entity) => Some(resolve(entity)?),
        _ => None,
    })
}

/// `&amp;`, `&#38;` and their like; there are no others without a document type.
fn resolve(entity: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = entity.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let known = quick_xml::escape::resolve_predefined_entity(entity);
    known.map(str::to_owned).ok_or_else(|| "an entity of its own".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(inner: &str) -> String {
        format!("<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>{inner}</cas:serviceResponse>")
    }

    #[test]
    fn one_user_within_a_success_is_the_user() {
        let good = response(
            "<cas:authenticationSuccess>\n <cas:user>m&amp;ria</cas:user>\n\
             <cas:attributes><cas:user>root</cas:user></cas:attributes></cas:authenticationSuccess>",
        );
        assert_eq!(verdict(&good), Ok(Verdict::User("m&ria".to_owned())));
        let failure =
            response("<cas:authenticationFailure code='INVALID_TICKET'>used up</cas:authenticationFailure>");
        assert_eq!(verdict(&failure), Ok(Verdict::Failure("used up".to_owned())));
    }

    #[test]
    fn whatever_else_is_nobody() {
        let user = "<cas:user>maria</cas:user>";
        let wrong = [
            String::new(),
            "maria".to_owned(),
            response(""),
            response(user),
            response("<cas:authenticationSuccess><cas:user></cas:user></cas:authenticationSuccess>"),
            response(&format!("<cas:authenticationSuccess>{user}{user}</cas:authenticationSuccess>")),
            response(&format!("<x><cas:authenticationSuccess>{user}</cas:authenticationSuccess></x>")),
            format!("<!DOCTYPE x [<!ENTITY a 'b'>]>{}", response(user)),
            response("<cas:authenticationSuccess><cas:user>&a;</cas:user></cas:authenticationSuccess>"),
            response(&format!("<cas:authenticationSuccess>{user}")),
        ];
        for xml in wrong {
            assert!(verdict(&xml).is_err(), "{xml}");
        }
    }
}
