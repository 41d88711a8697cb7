//! `Content-Encoding` undone, with a cap on what comes out. Pure.
//!
//! Browsers and proxies disagree about broken encodings; here a body is what its label says, once, or a failure.

use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use super::body::BodyError;

/// More gzip members or zstd frames than any server sends; each costs a fresh decoder.
const MAX_PARTS: usize = 1024;
/// The largest zstd window that a server may ask for (RFC 9659).
const ZSTD_MAX_WINDOW: u64 = 8 << 20;
/// The most bytes that are unpacked at a time.
const STEP: usize = 32 << 10;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Unpacks a body that is encoded as `coding` says: `gzip`, `x-gzip`, `deflate` (with or without its zlib frame),
/// `br`, `zstd`, or nothing. At most `max_body` bytes come out. Memory stays below `max_body` and one window
/// (brotli and zstd: 16 MiB).
pub fn decompress(body: Vec<u8>, coding: &str, max_body: usize) -> Result<Vec<u8>, BodyError> {
    let mut out = Output { bytes: Vec::new(), limit: max_body };
    let done = match coding {
        _ if body.is_empty() => return Ok(body),
        "" if body.len() <= max_body => return Ok(body),
        "" => Err(Failure::TooLarge),
        "gzip" | "x-gzip" => gunzip(&body, &mut out),
        "deflate" => inflate(&body, &mut out),
        "br" => unbrotli(&body, &mut out),
        "zstd" => unzstd(&body, &mut out),
        _ if coding.contains(',') => Err(Failure::Broken("packed more than once".to_owned())),
        _ => Err(Failure::Broken("not one that was asked for".to_owned())),
    };
    let problem = match done {
        Ok(()) if out.bytes.starts_with(GZIP_MAGIC) || out.bytes.starts_with(ZSTD_MAGIC) => {
            "packed twice".to_owned()
        }
        Ok(()) => return Ok(out.bytes),
        Err(Failure::TooLarge) => return Err(BodyError::TooLarge { key: "max_body", limit: max_body }),
        Err(Failure::Broken(problem)) => problem,
    };
    Err(BodyError::Encoding { coding: coding.to_owned(), problem })
}

enum Failure {
    TooLarge,
    Broken(String),
}

impl Failure {
    fn broken(error: &(impl ToString + ?Sized)) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::broken("ends in the middle"),
            _ => Self::broken(&error),
        }
    }
}

/// What was unpacked so far, and the most it may become.
struct Output {
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    fn fill(&mut self, mut from: impl Read) -> Result<(), Failure> {
        let mut step = vec![0; STEP];
        loop {
            let read = from.read(&mut step)?;
            if read == 0 {
                return Ok(());
            }
            if read > self.limit - self.bytes.len() {
                return Err(Failure::TooLarge);
            }
            self.bytes.extend_from_slice(step.get(..read).expect("read fills no more than the buffer"));
        }
    }
}

/// One or more members (RFC 1952 §2.2). What follows the last one is padding.
fn gunzip(mut rest: &[u8], out: &mut Output) -> Result<(), Failure> {
    if !rest.starts_with(GZIP_MAGIC) {
        return Err(Failure::broken("the body is not packed so"));
    }
    for _ in 0..MAX_PARTS {
        out.fill(GzDecoder::new(&mut rest))?;
        if !rest.starts_with(GZIP_MAGIC) {
            return Ok(());
        }
    }
    Err(Failure::TooLarge)
}

/// The zlib form that RFC 9110 means, or the raw one that some servers send.
fn inflate(body: &[u8], out: &mut Output) -> Result<(), Failure> {
    let is_zlib = match body {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31),
        _ => false,
    };
    if is_zlib { out.fill(ZlibDecoder::new(body)) } else { out.fill(DeflateDecoder::new(body)) }
}

fn unbrotli(body: &[u8], out: &mut Output) -> Result<(), Failure> {
    // "Large window" brotli is no HTTP coding, and its window may be a gigabyte.
    if body.first().is_some_and(|first| first & 0x7f == 0x11) {
        return Err(Failure::broken("its window is too large"));
    }
    out.fill(Decompressor::new(body, STEP))
}

/// One or more frames (RFC 8878 §3.1), skippable ones skipped.
fn unzstd(mut rest: &[u8], out: &mut Output) -> Result<(), Failure> {
    for _ in 0..MAX_PARTS {
        match rest {
            [] => return Ok(()),
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, tail @ ..] => {
                let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
                rest = tail.get(length..).ok_or(Failure::broken("ends in the middle"))?;
            }
            _ => {
                check_zstd_window(rest, out.limit)?;
                let frame = StreamingDecoder::new(&mut rest).map_err(|error| Failure::broken(&error))?;
                out.fill(frame)?;
            }
        }
    }
    Err(Failure::TooLarge)
}

/// Refuses a frame before the decoder reserves its window. A frame without a window descriptor has its whole
/// content as window (RFC 8878 §3.1.1.1.2), so its announced size counts.
fn check_zstd_window(frame: &[u8], limit: usize) -> Result<(), Failure> {
    let header =
        frame.strip_prefix(ZSTD_MAGIC).ok_or_else(|| Failure::broken("the body is not packed so"))?;
    let [descriptor, rest @ ..] = header else { return Err(Failure::broken("ends in the middle")) };
    let is_single_segment = descriptor & 0x20 != 0;
    if !is_single_segment {
        let window = rest.first().copied().unwrap_or(0);
        let base = 1_u64 << (10 + (window >> 3));
        let size = base + base / 8 * u64::from(window & 7);
        return if size > ZSTD_MAX_WINDOW { Err(Failure::broken("its window is too large")) } else { Ok(()) };
    }
    let dictionary_bytes = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size_bytes = 1 << (descriptor >> 6);
    let announced = rest.get(dictionary_bytes..dictionary_bytes + size_bytes).unwrap_or_default();
    let announced = announced.iter().rev().fold(0_u64, |size, byte| size << 8 | u64::from(*byte));
    if announced > limit as u64 { Err(Failure::TooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    const TEXT: &[u8] = b"<rss><channel><title>hello hello hello</title></channel></rss>";
    const LIMIT: usize = 1 << 20;
    /// `hello`, as any brotli encoder packs it.
    const BROTLI_HELLO: &[u8] = &[0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).expect("packed");
        encoder.finish().expect("packed")
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("packed");
        encoder.finish().expect("packed")
    }

    fn deflate(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("packed");
        encoder.finish().expect("packed")
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn cut(mut packed: Vec<u8>) -> Vec<u8> {
        packed.truncate(packed.len() - 12);
        packed
    }

    #[test]
    fn every_coding_is_undone() {
        let padded = [gzip(TEXT), vec![0; 512]].concat();
        let members = [gzip(b"<rss><channel>"), gzip(b"</channel></rss>")].concat();
        let skippable = [&[0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9][..], &zstd(TEXT)].concat();
        let frames = [zstd(b"<rss><channel>"), zstd(b"</channel></rss>")].concat();
        for (coding, packed, expected) in [
            ("", TEXT.to_vec(), TEXT),
            ("gzip", gzip(TEXT), TEXT),
            ("x-gzip", gzip(TEXT), TEXT),
            ("gzip", padded, TEXT),
            ("gzip", members, b"<rss><channel></channel></rss>"),
            ("deflate", zlib(TEXT), TEXT),
            ("deflate", deflate(TEXT), TEXT),
            ("br", BROTLI_HELLO.to_vec(), b"hello"),
            ("zstd", zstd(TEXT), TEXT),
            ("zstd", skippable, TEXT),
            ("zstd", frames, b"<rss><channel></channel></rss>"),
            ("gzip", Vec::new(), b""),
        ] {
            assert_eq!(decompress(packed, coding, LIMIT).as_deref(), Ok(expected), "{coding}");
        }
    }

    #[test]
    fn what_does_not_fit_its_label_fails_once_and_clearly() {
        for (coding, body, problem) in [
            ("gzip", TEXT.to_vec(), "the body is not packed so"),
            ("zstd", TEXT.to_vec(), "the body is not packed so"),
            ("gzip", gzip(&gzip(TEXT)), "packed twice"),
            ("br, gzip", gzip(TEXT), "packed more than once"),
            ("compress", TEXT.to_vec(), "not one that was asked for"),
            ("gzip", cut(gzip(TEXT)), "ends in the middle"),
            ("deflate", cut(zlib(TEXT)), "ends in the middle"),
            ("deflate", cut(deflate(TEXT)), "ends in the middle"),
            ("br", vec![0x0b, 0x02, 0x80, b'h'], ""),
            ("br", vec![0x11, 0x1e, 0, 0], "its window is too large"),
            ("zstd", cut(zstd(TEXT)), ""),
            ("zstd", vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0, 0], "its window is too large"),
        ] {
            let error = decompress(body, coding, LIMIT).expect_err(coding).to_string();
            assert!(error.starts_with(&format!("content-encoding {coding}: {problem}")), "{error}");
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let zeros = vec![0; 4 << 20];
        let huge_frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x7f, 1, 0, 0];
        for (coding, bomb) in [
            ("gzip", gzip(&zeros)),
            ("deflate", zlib(&zeros)),
            ("zstd", zstd(&zeros)),
            ("zstd", huge_frame),
            ("gzip", gzip(b"").repeat(MAX_PARTS + 1)),
            ("", zeros.clone()),
        ] {
            let expected = BodyError::TooLarge { key: "max_body", limit: LIMIT };
            assert_eq!(decompress(bomb, coding, LIMIT), Err(expected), "{coding}");
        }
        assert!(decompress(BROTLI_HELLO.to_vec(), "br", 4).is_err());
        assert_eq!(decompress(gzip(&[7; 100]), "gzip", 100).map(|body| body.len()), Ok(100));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_exceed_the_limit(body: Vec<u8>, coding in "gzip|deflate|br|zstd") {
            if let Ok(out) = decompress(body.clone(), &coding, 1000) {
                proptest::prop_assert!(out.len() <= 1000);
            }
            let marked = [ZSTD_MAGIC, &body].concat();
            let _ = decompress(marked, "zstd", 1000);
        }
    }
}
