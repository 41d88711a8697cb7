//! A feed that is a file on this machine: size and time of the last change are its validator.

use std::{fs, io::Read, path::Path, time::UNIX_EPOCH};

use super::Fetched;
use crate::{
    model::{Outcome, Validators},
    pipeline::{Body, Links},
    store::FeedState,
};

/// Reads the file if it changed since the last poll.
pub(super) async fn fetch(path: &Path, state: &FeedState, max_body: usize) -> Fetched {
    let (path, known) = (path.to_owned(), state.validators.etag.clone());
    let reading = tokio::task::spawn_blocking(move || read(&path, known.as_deref(), max_body));
    reading.await.expect("reading a file neither panics nor is cancelled")
}

/// A feed is a regular file: opening a named pipe waits for its writer, for ever if need be.
fn read(path: &Path, known: Option<&[u8]>, max_body: usize) -> Fetched {
    match try_read(path, known, max_body) {
        Ok(fetched) => fetched,
        Err(error) => {
            Fetched::Failed(Outcome::NetworkError, format!("cannot read {}: {error}", path.display()))
        }
    }
}

fn try_read(path: &Path, known: Option<&[u8]>, max_body: usize) -> std::io::Result<Fetched> {
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("{}-{}", metadata.len(), changed.as_nanos()).into_bytes();
    if known == Some(tag.as_slice()) {
        return Ok(Fetched::NotModified(Validators::default()));
    }
    let mut bytes = Vec::new();
    file.take(max_body as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_body {
        let reason = format!("the file is larger than max_body ({max_body} bytes)");
        return Ok(Fetched::Failed(Outcome::TooLarge, reason));
    }
    Ok(Fetched::Modified(Box::new(Body {
        bytes,
        content_type: None,
        url: None,
        validated_url: format!("file:{}", path.display()),
        validators: Validators { etag: Some(tag), last_modified: None },
        older: Links::default(),
    })))
}
