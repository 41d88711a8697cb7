//! A conditional GET: validators out, a body or a reason in. One attempt, no retry (specs/polling.md §2, §3, §6, §7).

mod answer;
mod file;
mod hop;
mod request;

use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use reqwest::Client;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use self::hop::Step;
use super::{
    gates::Gates,
    moves::{self, Route},
    store_time::StoreTime,
    validators,
};
use crate::{
    http::{self, ClientError, FeedOptions, Named, Policy},
    model::{Feed, FeedLocation, Outcome, Timestamp, Validators},
    store::FeedState,
};

pub use answer::{Answer, Closed, Fetched, Head};

/// Redirects that are followed in one poll.
const MAX_HOPS: usize = 5;
/// A redirect that asks for more patience than this ends the poll.
const REDIRECT_PATIENCE: Duration = Duration::from_secs(30);

/// Fetches feeds. Holds the connection pools; a reload makes a new one.
#[derive(Debug)]
pub struct Fetcher {
    settings: http::Settings,
    policy: Policy,
    /// One client for all feeds, and further ones for feeds with a `ca_file` or `http1_only`.
    clients: HashMap<FeedOptions, Client>,
}

impl Fetcher {
    /// Builds the clients that these feeds need.
    ///
    /// # Errors
    /// If a `ca_file` cannot be read.
    pub fn new<'a>(
        settings: &http::Settings,
        feeds: impl IntoIterator<Item = &'a Feed>,
    ) -> Result<Self, ClientError> {
        let mut clients = HashMap::new();
        for feed in feeds {
            if let Entry::Vacant(vacant) = clients.entry(options(feed)) {
                let client = http::feed_client(settings, vacant.key())?;
                vacant.insert(client);
            }
        }
        Ok(Self { settings: settings.clone(), policy: http::feed_policy(settings), clients })
    }

    /// Asks for a feed once, each request through its gate. `now` is the store's time.
    pub async fn fetch(&self, feed: &Feed, state: &FeedState, now: Timestamp, gates: &impl Gates) -> Answer {
        let clock = StoreTime::told(now);
        let mut head = Head::new(now);
        let fetched = match &feed.location {
            FeedLocation::File(path) => file::fetch(path, state, self.settings.max_body).await,
            FeedLocation::Http(configured) => {
                let has_validators = state.validators != Validators::default();
                head.left_out = has_validators && validators::are_left_out(&state.memory.validators, now);
                let start = moves::first_url(configured, &state.memory.moves, now);
                let known = (!head.left_out).then_some(state);
                let way = Way { fetcher: self, feed, configured, known, clock };
                way.follow(start, &mut head, gates).await
            }
        };
        Answer { head, fetched }
    }

    /// Asks once for a document that a feed leads to, whole. The address guard admits what the feed's own URL names, and
    /// credentials go to its origin only.
    pub async fn fetch_linked(&self, feed: &Feed, url: Url, now: Timestamp, gates: &impl Gates) -> Answer {
        let (clock, mut head) = (StoreTime::told(now), Head::new(now));
        let fetched = match &feed.location {
            FeedLocation::File(_) => failed(Outcome::Blocked, "a file leads to no documents elsewhere"),
            FeedLocation::Http(configured) => {
                let way = Way { fetcher: self, feed, configured, known: None, clock };
                way.follow(url, &mut head, gates).await
            }
        };
        Answer { head, fetched }
    }
}

/// One poll's way from the first URL to the one that answers.
struct Way<'a> {
    fetcher: &'a Fetcher,
    feed: &'a Feed,
    configured: &'a Url,
    /// Where validators come from.
    known: Option<&'a FeedState>,
    clock: StoreTime,
}

impl Way<'_> {
    /// Follows redirects to the end. What waits at gates or for a patient redirect does not count as time of the poll.
    async fn follow(&self, start: Url, head: &mut Head, gates: &impl Gates) -> Fetched {
        let Self { fetcher, clock, .. } = self;
        let Some(client) = fetcher.clients.get(&options(self.feed)) else {
            return failed(Outcome::Internal, "no client for this feed; this is a fault of feedwatch");
        };
        let mut route = Route::new(start);
        let (named, mut visited, mut left) =
            (Named::of(self.configured), Vec::new(), fetcher.settings.timeout);
        for hop in 0..=MAX_HOPS {
            head.route = Some(route.clone());
            if let Err(refused) = fetcher.policy.check_url(&route.last, named.as_ref()) {
                return Fetched::Blocked(refused.to_string());
            }
            let mut pass = match gates.enter(&route.last, clock).await {
                Ok(pass) => pass,
                Err(closed) => return Fetched::Held(closed),
            };
            let begun = Instant::now();
            if hop == 0 {
                head.asked = clock.now();
            }
            let request = request::build(self.feed, self.configured, &route.last, self.known);
            let sending = hop::send(client, &fetcher.settings, request, clock, head);
            // Boxed: each function that it is handed on to would hold it twice.
            let step = gates.during(&mut pass, Box::pin(timeout(left, sending))).await;
            gates.leave(pass).await;
            let took = begun.elapsed();
            head.took = Some(head.took.unwrap_or_default() + took);
            left = left.saturating_sub(took);
            let (next, is_permanent, wait) = match step {
                Ok(Step::Answer(fetched)) => return fetched,
                Ok(Step::Redirect { next, is_permanent, wait }) => (next, is_permanent, wait),
                Err(_) => return self.too_slow(head),
            };
            if wait > REDIRECT_PATIENCE {
                head.patience = Some(wait);
                return Fetched::Limited("the server redirects and asks to wait first".to_owned());
            }
            visited.push(route.last.clone());
            if visited.contains(&next) {
                return failed(Outcome::HttpError, format!("redirect loop through {}", shown(&next)));
            }
            route.follow(next, is_permanent);
            sleep(wait).await;
        }
        failed(Outcome::HttpError, format!("more than {MAX_HOPS} redirects"))
    }

    fn too_slow(&self, head: &mut Head) -> Fetched {
        head.received = self.clock.now();
        let limit = self.fetcher.settings.timeout.as_secs();
        failed(Outcome::Timeout, format!("no complete answer within {limit} s (http.timeout)"))
    }
}

fn options(feed: &Feed) -> FeedOptions {
    FeedOptions { ca_file: feed.ca_file.clone(), http1_only: feed.http1_only }
}

/// A URL in a message: the server may have put credentials into it.
fn shown(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn failed(outcome: Outcome, reason: impl Into<String>) -> Fetched {
    Fetched::Failed(outcome, reason.into())
}
