//! What the store holds, read once for all who look at about the same time. Reading a hundred thousand feeds takes a
//! while: it is done for the page as long as somebody has it open, and at most a twentieth of the time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, Semaphore},
    time::sleep,
};

use super::{State, Watched, labels};
use crate::{
    clock::Clock,
    store::{
        FeedActivity, FeedCondition, FeedHealth, FeedState, NotifierActivity, Queue, Store, StoreError,
        activity::DAYS,
    },
};

/// A large snapshot serves for this many times what it took to take.
const SERVES: u32 = 25;
/// One that is kept at hand is taken anew after this many times what it took.
const RENEWED: u32 = 20;
/// One of more feeds than this is large: it serves for a while, and is kept at hand while the page is looked at. Others
/// serve those who wait for them.
const LARGE: usize = 5000;
/// However long it took, nobody is shown what is older than this.
const OLDEST: Duration = Duration::from_secs(45);
/// A page that was not asked for within this is not open any more: it reloads itself twice as often.
const LOOKED_AT: Duration = Duration::from_mins(1);

/// What is read from the store.
#[derive(Debug, Default)]
pub struct Found {
    /// Every feed.
    pub states: Vec<FeedState>,
    /// Every queue.
    pub queues: Vec<Queue>,
    /// Articles by day.
    pub articles: Vec<FeedActivity>,
    /// Deliveries by hour.
    pub deliveries: Vec<NotifierActivity>,
}

/// What is configured and what is known of it, judged.
#[derive(Debug)]
pub struct Snapshot {
    /// What is configured.
    pub watched: Arc<Watched>,
    /// Those that need a person first, then those that fail or are silent, then in the order of the configuration.
    pub feeds: Vec<Known>,
    /// How many feeds are in each condition.
    pub conditions: Vec<(FeedCondition, u64)>,
    /// How many feeds need a person.
    pub needy: usize,
    /// Every queue.
    pub queues: Vec<Queue>,
    /// Deliveries by hour.
    pub deliveries: Vec<NotifierActivity>,
    labels: OnceLock<Vec<String>>,
    begun: Instant,
    taken: Instant,
    took: Duration,
}

/// What is known of a feed.
#[derive(Debug)]
pub struct Known {
    /// Its place in the configuration.
    pub place: usize,
    /// As it is stored.
    pub state: FeedState,
    /// The judgement.
    pub health: FeedHealth,
    /// New articles by day.
    pub articles: [u64; DAYS],
}

impl Snapshot {
    /// Puts together what is configured and what was found. Pure.
    pub fn of(watched: Arc<Watched>, found: Found, begun: Instant) -> Self {
        let mut states: HashMap<String, FeedState> =
            found.states.into_iter().map(|state| (state.id.to_string(), state)).collect();
        let articles: HashMap<String, [u64; DAYS]> =
            found.articles.into_iter().map(|one| (one.feed.to_string(), one.articles)).collect();
        let known = |(place, feed): (usize, &crate::model::Feed)| {
            let id = feed.id.as_str();
            let stored = states.remove(id).unwrap_or_else(|| FeedState::unknown(feed.id.clone()));
            // What only the scheduler asks for is not kept.
            let state = FeedState { enabled: feed.enabled, rhythm: None, ..stored };
            let health = state.health(watched.failing_after);
            Known { place, health, articles: articles.get(id).copied().unwrap_or_default(), state }
        };
        let mut feeds: Vec<Known> = watched.feeds.iter().enumerate().map(known).collect();
        feeds.sort_by_key(|feed| rank(feed.health));
        let count = |wanted| feeds.iter().filter(|feed| feed.health.condition == wanted).count() as u64;
        let conditions = FeedCondition::ALL.iter().map(|condition| (*condition, count(*condition))).collect();
        Self {
            conditions,
            needy: feeds.iter().take_while(|feed| feed.health.needs_person).count(),
            feeds,
            watched,
            queues: found.queues,
            deliveries: found.deliveries,
            labels: OnceLock::new(),
            begun,
            taken: Instant::now(),
            took: begun.elapsed(),
        }
    }

    /// How many feeds are in this condition.
    pub fn count(&self, condition: FeedCondition) -> u64 {
        self.conditions.iter().find(|(one, _)| *one == condition).map_or(0, |(_, count)| *count)
    }

    fn is_large(&self) -> bool {
        self.feeds.len() > LARGE
    }

    /// The labels of all feeds in `/metrics`, in the order of the configuration.
    pub fn labels(&self) -> &[String] {
        self.labels.get_or_init(|| labels::labels(&self.watched.feeds))
    }
}

/// Where in the list a feed stands: what needs a person first, then what is not as it should be.
fn rank(health: FeedHealth) -> u8 {
    match (health.needs_person, health.condition) {
        (true, _) => 0,
        (_, FeedCondition::Failing) => 1,
        (_, FeedCondition::Silent) => 2,
        _ => 3,
    }
}

/// The last one, and who wants another.
#[derive(Debug)]
pub struct Snapshots {
    kept: Mutex<Option<Arc<Snapshot>>>,
    looked: Mutex<Option<Instant>>,
    turn: Semaphore,
    is_large: Notify,
}

impl Default for Snapshots {
    fn default() -> Self {
        let (kept, looked) = (Mutex::default(), Mutex::default());
        Self { kept, looked, turn: Semaphore::new(1), is_large: Notify::new() }
    }
}

impl Snapshots {
    /// Somebody has the page open.
    pub fn look(&self) {
        *lock(&self.looked) = Some(Instant::now());
    }

    fn is_looked_at(&self) -> bool {
        lock(&self.looked).is_some_and(|at| at.elapsed() < LOOKED_AT)
    }

    /// The last one, if it is of this configuration and was begun after `asked`, or is large and not too old.
    fn fresh(&self, watched: &Arc<Watched>, asked: Instant) -> Option<Arc<Snapshot>> {
        let kept = lock(&self.kept).clone()?;
        let is_young = kept.is_large() && kept.taken.elapsed() <= (kept.took * SERVES).min(OLDEST);
        let is_fresh = Arc::ptr_eq(&kept.watched, watched) && (is_young || kept.begun >= asked);
        is_fresh.then_some(kept)
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the store holds now, or did a moment ago.
pub async fn current<S: Store, C: Clock>(
    state: &State<S, C>,
    store: &S,
) -> Result<Arc<Snapshot>, StoreError> {
    let (snapshots, watched, asked) = (state.snapshots(), state.watched(), Instant::now());
    if let Some(fresh) = snapshots.fresh(&watched, asked) {
        return Ok(fresh);
    }
    // One reads, the others wait for what it finds.
    let turn = snapshots.turn.acquire().await;
    let found = match snapshots.fresh(&watched, asked) {
        Some(fresh) => Ok(fresh),
        None => take(state, store, watched).await,
    };
    drop(turn);
    found
}

async fn take<S: Store, C: Clock>(
    state: &State<S, C>,
    store: &S,
    watched: Arc<Watched>,
) -> Result<Arc<Snapshot>, StoreError> {
    let begun = Instant::now();
    let (states, queues, articles, deliveries) = tokio::try_join!(
        store.feed_states(),
        store.queues(),
        store.feed_activity(),
        store.notifier_activity()
    )?;
    let snapshots = state.snapshots();
    let taken = Arc::new(Snapshot::of(watched, Found { states, queues, articles, deliveries }, begun));
    *lock(&snapshots.kept) = Some(Arc::clone(&taken));
    if taken.is_large() && snapshots.is_looked_at() {
        snapshots.is_large.notify_one();
    }
    Ok(taken)
}

/// Takes large ones anew as long as the page is looked at, for ever.
pub async fn keep<S: Store, C: Clock>(state: State<S, C>) {
    let snapshots = state.snapshots();
    loop {
        snapshots.is_large.notified().await;
        while snapshots.is_looked_at() {
            let took = lock(&snapshots.kept).as_ref().map_or(OLDEST, |kept| kept.took);
            sleep((took * RENEWED).min(OLDEST * 3 / 4)).await;
            let turn = snapshots.turn.acquire().await;
            if let Some(store) = state.store() {
                // Who asks next is told why.
                drop(take(&state, store, state.watched()).await);
            }
            drop(turn);
        }
        lock(&snapshots.kept).take();
    }
}
