//! Bombs of gzip: the decoder of Parquet decompresses such a page to its end, whatever its header claims. The other
//! compressions stop at what was claimed.

use std::io::{Read, copy, sink};

use flate2::read::MultiGzDecoder;

use super::Defect;
use super::page::Page;

/// How a member of a gzip stream begins: the magic and the one method (RFC 1952, section 2.3).
const BEGIN: [u8; 3] = [0x1f, 0x8b, 8];

/// Decompresses the bytes of a page into nothing, if they are gzip, and refuses those that become more than claimed.
pub(super) fn check(bytes: &[u8], page: &Page) -> Result<(), Defect> {
    let compressed =
        usize::try_from(page.levels).ok().and_then(|levels| bytes.get(levels..)).unwrap_or_default();
    if !compressed.starts_with(&BEGIN) {
        return Ok(());
    }
    let mut decoder = MultiGzDecoder::new(compressed).take(page.uncompressed + 1);
    // What is no gzip after all is an error of this decoder, and none of the page.
    match copy(&mut decoder, &mut sink()) {
        Ok(bytes) if bytes > page.uncompressed => Err(Defect::new(
            page.offset,
            format!("a page claims {} bytes, and decompresses to more", page.uncompressed),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_bomb_is_refused_and_an_honest_page_is_not() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 10 << 20]).expect("written");
        let bytes = encoder.finish().expect("compressed");
        let page = |uncompressed| Page { offset: 70, header: 11, uncompressed, ..Page::default() };
        assert_eq!(check(&bytes, &page(10 << 20)), Ok(()));
        let told = check(&bytes, &page(100)).expect_err("a bomb").to_string();
        assert_eq!(told, "a page claims 100 bytes, and decompresses to more, at byte 70");
        assert_eq!(check(b"\x1f\x8b\x08 by chance", &page(2)), Ok(()));
    }
}
