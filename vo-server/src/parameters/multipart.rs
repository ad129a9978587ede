//! Forms with files (RFC 7578), read by hand: astroquery's boundary is `===...===` without quotes, which
//! readers that follow the grammar of the header refuse.

use bytes::Bytes;

use super::{File, Parameters};
use crate::refusal::Refusal;

/// Bytes of the headers of one part.
const HEAD_BYTES: usize = 8 << 10;

/// The boundary of a form with files; nothing for other contents.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let at = content_type.to_ascii_lowercase().find("boundary=")?;
    let value = content_type[at + "boundary=".len()..].trim();
    Some(match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default().trim(),
    })
}

/// Adds the parts of `body` to `parameters`, up to one more than `limit` of them.
pub(super) fn read(
    body: &Bytes,
    boundary: &str,
    limit: usize,
    parameters: &mut Parameters,
) -> Result<(), Refusal> {
    let bad = |what: &str| Refusal::BadForm { what: what.to_owned() };
    if boundary.is_empty() {
        return Err(bad("its boundary is empty"));
    }
    let first = format!("--{boundary}");
    let next = format!("\r\n{first}");
    let mut at = find(body, 0, first.as_bytes()).ok_or_else(|| bad("its boundary is nowhere in it"))?;
    at += first.len();
    for _ in 0..=limit {
        if body[at..].starts_with(b"--") {
            return Ok(());
        }
        let start = find(body, at, b"\r\n").ok_or_else(|| bad("it ends within a part"))? + 2;
        let blank =
            find(&body.slice(..body.len().min(start + HEAD_BYTES)), start.saturating_sub(2), b"\r\n\r\n");
        let blank = blank.ok_or_else(|| bad("the headers of a part do not end"))?;
        let content = blank + 4;
        let end = find(body, content.saturating_sub(2), next.as_bytes());
        let end = end.ok_or_else(|| bad("its last boundary is missing: it was cut on the way"))?;
        let head = String::from_utf8_lossy(body.get(start..blank).unwrap_or_default());
        part(&head, body.slice(content.min(end)..end), parameters)?;
        at = end + next.len();
    }
    Ok(())
}

fn part(head: &str, content: Bytes, parameters: &mut Parameters) -> Result<(), Refusal> {
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let name = disposition.and_then(|value| attribute(value, "name"));
    let name = name.ok_or_else(|| Refusal::BadForm { what: "a part has no name".to_owned() })?;
    if disposition.and_then(|value| attribute(value, "filename")).is_some() {
        parameters.files.push(File { field: name, bytes: content });
    } else {
        let text = String::from_utf8_lossy(&content).into_owned();
        parameters.pairs.push((name, text));
    }
    Ok(())
}

/// `name="value"` of a header; a quote within the value is escaped by a backslash or as `%22`.
fn attribute(header: &str, name: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once(';') {
        rest = after.trim_start();
        let (found, value) = rest.split_once('=')?;
        if found.trim().eq_ignore_ascii_case(name) {
            let value = value.trim_start();
            return Some(match value.strip_prefix('"') {
                Some(quoted) => unquoted(quoted),
                None => value.split(';').next().unwrap_or_default().trim().to_owned(),
            });
        }
    }
    None
}

fn unquoted(text: &str) -> String {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    value.replace("%22", "\"")
}

fn find(body: &Bytes, from: usize, pattern: &[u8]) -> Option<usize> {
    let first = *pattern.first()?;
    let mut at = from;
    while let Some(skip) = body.get(at..)?.iter().position(|&byte| byte == first) {
        at += skip;
        if body[at..].starts_with(pattern) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &'static str) -> String {
        let mut parameters = Parameters::default();
        let read = read(&Bytes::from_static(body.as_bytes()), "b", 10, &mut parameters);
        read.expect_err("a broken form").to_string()
    }

    #[test]
    fn broken_forms_are_refused_with_what_is_wrong() {
        for (body, what) in [
            ("nothing", "its boundary is nowhere in it"),
            ("--b", "it ends within a part"),
            ("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n", "the headers of a part do not end"),
            ("--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "a part has no name"),
            (
                "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue",
                "its last boundary is missing: it was cut on the way",
            ),
        ] {
            assert_eq!(refused(body), format!("this form cannot be read: {what}"));
        }
    }

    #[test]
    fn quotes_and_unicode_in_names_are_kept() {
        assert_eq!(attribute(" form-data; name=\"a\\\"ü\"; filename=x", "name"), Some("a\"ü".into()));
        assert_eq!(attribute(" form-data; name=\"a;b=c\"", "filename"), None);
    }
}
