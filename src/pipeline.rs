//! One fetched body: read ─▶ which are new? ─▶ match ─▶ render ─▶ a record for the store.
//!
//! Nothing is stored here. The poller adds the time of the next poll and records everything in one transaction, so
//! that validators are never stored without the articles and alerts of the same body.

mod events;
mod flood;
mod fresh;
mod judge;
mod older;
mod sight;

use std::{sync::Arc, time::Duration};

use url::Url;

use self::{
    fresh::{fresh_articles, seen_keys},
    judge::Judge,
};
use crate::{
    matcher::Matcher,
    metrics::{Metrics, Task},
    model::{ContentHash, Feed, Notifier, Outcome, Timestamp, Validators},
    read::{self, Document, ReadError, Repair},
    store::{DocumentRecord, FeedState, SoughtArticle, Store, StoreError},
};

pub use events::Happening;
pub use judge::delivery_for;
pub use older::Older;
pub use sight::{Sight, Window};

/// What turns bodies into records: the compiled watchlist and those who want to be told. Immutable; a reload makes
/// a new one.
#[derive(Debug)]
pub struct Pipeline {
    /// The compiled watchlist.
    pub matcher: Matcher,
    /// Whom to tell.
    pub notifiers: Vec<Notifier>,
    /// Limits on documents.
    pub limits: read::Limits,
    /// At the first sight of a feed, articles older than this are recorded, not alerted.
    pub first_alerts: Duration,
    /// Where articles are counted.
    pub metrics: Metrics,
}

/// A body as it was fetched.
#[derive(Debug, Clone)]
pub struct Body {
    /// The decoded bytes.
    pub bytes: Vec<u8>,
    /// The media type that the server gave.
    pub content_type: Option<String>,
    /// The URL that answered.
    pub url: Option<Url>,
    /// The address under which the validators belong, as text.
    pub validated_url: String,
    /// Validators of the answer.
    pub validators: Validators,
    /// Where its headers say that older documents are.
    pub older: Links,
}

/// Where older documents of a feed are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The document before this one in an archive, which never changes (RFC 5005 §4).
    pub prev_archive: Option<Url>,
    /// The next page of a paged feed, which does (RFC 5005 §3).
    pub next: Option<Url>,
}

/// What became of a body.
#[derive(Debug)]
pub struct Processed {
    /// New, unchanged, or why it could not be read.
    pub outcome: Outcome,
    /// One sentence for people, if it could not be read.
    pub error: Option<String>,
    /// What to store; `None` if it could not be read.
    pub document: Option<DocumentRecord>,
    /// What it showed; `None` if it could not be read.
    pub sight: Option<Sight>,
}

impl Processed {
    fn failed(outcome: Outcome, error: String) -> Self {
        Self { outcome, error: Some(error), document: None, sight: None }
    }
}

impl Pipeline {
    /// Takes a body through the pipeline. `now` is the store's time.
    ///
    /// # Errors
    /// Only if the store cannot say what it knows; trouble with the body is in the result.
    pub async fn process<S: Store>(
        self: &Arc<Self>,
        store: &S,
        feed: &Feed,
        state: &FeedState,
        body: Body,
        now: Timestamp,
    ) -> Result<Processed, StoreError> {
        let body_hash = Some(ContentHash::of_bytes(&body.bytes));
        let mut record = record_of(&body, body_hash, state);
        if state.body_hash == body_hash {
            let sight = Sight::of_same(state.memory.shown);
            return Ok(Processed {
                outcome: Outcome::Unchanged,
                error: None,
                document: Some(record),
                sight: Some(sight),
            });
        }
        let older = body.older.clone();
        let document = match self.read(body).await {
            Ok(document) => document,
            Err(error) => {
                if matches!(error, ReadError::Panicked(_)) {
                    self.metrics.panicked(Task::Read);
                }
                return Ok(Processed::failed(read_outcome(&error), error.to_string()));
            }
        };
        if document.report.repairs.contains_key(&Repair::Truncated) {
            keep_validators(&mut record, state);
        }
        let sought = document.articles.iter().map(SoughtArticle::from).collect();
        let known = store.known_articles(&feed.id, sought).await?;
        record.title = document.title.or(record.title);
        record.seen = seen_keys(&document.articles, &known);
        let sight = Sight::of(&document.articles, &known, document.hints, document.report, older);
        let fresh = fresh_articles(document.articles, known);
        let outcome = if fresh.is_empty() { Outcome::Unchanged } else { Outcome::New };
        if !fresh.is_empty() {
            let judge = Judge::new(self.clone(), feed, state, record.title.as_deref(), now);
            let judged = tokio::task::spawn_blocking(move || judge.judge_all(fresh)).await;
            let Ok((articles, alerts)) = judged else {
                self.metrics.panicked(Task::Match);
                let error = "matching panicked; this is a fault of feedwatch, not of the feed".to_owned();
                return Ok(Processed::failed(Outcome::Internal, error));
            };
            (record.articles, record.alerts) = (articles, alerts);
        }
        Ok(Processed { outcome, error: None, document: Some(record), sight: Some(sight) })
    }

    /// Reads on a blocking thread: a large document takes tens of milliseconds, a hostile one more.
    async fn read(self: &Arc<Self>, body: Body) -> Result<Document, ReadError> {
        let pipeline = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let source = read::Source { content_type: body.content_type.as_deref(), base: body.url.as_ref() };
            read::read(&body.bytes, source, &pipeline.limits)
        });
        reading.await.unwrap_or_else(|error| Err(ReadError::Panicked(error.to_string())))
    }
}

/// The record of a body, nothing of which was read yet.
fn record_of(body: &Body, body_hash: Option<ContentHash>, state: &FeedState) -> DocumentRecord {
    DocumentRecord {
        validators: body.validators.clone(),
        validated_url: body.validated_url.clone(),
        body_hash,
        title: state.title.clone(),
        articles: Vec::new(),
        seen: Vec::new(),
        alerts: Vec::new(),
    }
}

/// What is missing of a document that was cut short must not hide behind a 304 (specs/polling.md V3): the validators
/// stay those of the last whole one, and the same bytes are read again.
fn keep_validators(record: &mut DocumentRecord, state: &FeedState) {
    record.validators = state.validators.clone();
    record.validated_url = state.validated_url.clone().unwrap_or_default();
    record.body_hash = state.body_hash;
}

/// How a poll ended whose body could not be read.
fn read_outcome(error: &ReadError) -> Outcome {
    match error {
        ReadError::TooLarge(_) => Outcome::TooLarge,
        ReadError::Panicked(_) => Outcome::Internal,
        ReadError::Empty | ReadError::WebPage(_) | ReadError::NotAFeed(_) => Outcome::Unreadable,
    }
}
