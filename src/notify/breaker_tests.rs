use super::*;

const RULES: Rules = Rules { probe: Duration::from_mins(15), breaker: Duration::from_mins(5) };
const SECOND: Duration = Duration::from_secs(1);

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("time")
}

fn attempted(verdict: Verdict, is_probe: bool) -> Attempted<'static> {
    Attempted { verdict, reason: "why", retry_after: None, is_probe }
}

/// A notifier that lives through attempts, a second apart.
struct Life {
    health: NotifierHealth,
    now: Timestamp,
}

impl Life {
    fn new() -> Self {
        Self { health: NotifierHealth::default(), now: now() }
    }

    fn in_state(state: NotifierState) -> Self {
        let health = NotifierHealth { failures: 7, probes: 2, ..NotifierHealth::new(state, Some(now())) };
        Self { health, ..Self::new() }
    }

    fn attempt(&mut self, attempted: Attempted<'_>) -> Change {
        self.now += SECOND;
        let standing = Standing { health: self.health.clone(), now: self.now, is_current: true };
        let change = RULES.after(&standing, attempted, 1.0);
        self.health = change.health.clone();
        change
    }

    /// How long nothing is sent.
    fn waits(&self) -> Option<Duration> {
        self.health.until.map(|until| (until - self.now).to_std().unwrap_or_default())
    }
}

#[test]
fn five_transient_failures_in_a_row_open_the_breaker_and_a_success_closes_it() {
    let mut life = Life::new();
    for n in 1..=4 {
        life.attempt(attempted(Verdict::Transient, false));
        assert_eq!((life.health.state, life.health.failures), (NotifierState::Active, n));
    }
    life.attempt(attempted(Verdict::Delivered, false));
    assert_eq!(life.health.failures, 0, "in a row");
    for _ in 1..=5 {
        life.attempt(attempted(Verdict::Slow, false));
    }
    assert_eq!((life.health.state, life.health.since), (NotifierState::Open, Some(life.now)));
    assert_eq!(life.waits(), Some(Duration::from_millis(9_375)));
    let change = life.attempt(attempted(Verdict::Delivered, true));
    assert!(change.calls_back);
    assert_eq!(life.health, NotifierHealth::new(NotifierState::Active, Some(life.now)));
}

#[test]
fn the_pause_doubles_up_to_the_longest_with_failed_probes_alone() {
    let mut life = Life::new();
    (0..5).for_each(|_| drop(life.attempt(attempted(Verdict::Transient, false))));
    let opened = life.health.since;
    let late = life.attempt(attempted(Verdict::Transient, false)).health;
    assert_eq!(
        (late.probes, late.until, late.failures),
        (0, life.health.until, 6),
        "one under way since before"
    );
    for seconds in [18.75, 37.5, 75.0, 150.0, 300.0, 300.0] {
        life.attempt(attempted(Verdict::Transient, true));
        assert_eq!(life.waits(), Some(Duration::from_secs_f64(seconds)));
    }
    assert_eq!((life.health.state, life.health.since), (NotifierState::Open, opened));
    assert_eq!(RULES.pause(0, 0.0), RULES.pause(0, 1.0) / 2);
    assert_eq!(RULES.pause(u32::MAX, 1.0), RULES.breaker);
}

#[test]
fn who_refuses_is_held_until_a_success() {
    let mut life = Life::new();
    life.attempt(attempted(Verdict::NotifierRefused, false));
    let since = life.health.since;
    assert_eq!((life.health.state, life.waits()), (NotifierState::Held, Some(RULES.probe)));
    life.attempt(attempted(Verdict::NotifierRefused, false));
    assert_eq!(life.waits(), Some(RULES.probe.saturating_sub(SECOND)), "only probes count");
    for verdict in [Verdict::NotifierRefused, Verdict::Transient] {
        life.attempt(attempted(verdict, true));
        assert_eq!((life.health.state, life.health.since), (NotifierState::Held, since));
        assert_eq!(life.waits(), Some(RULES.probe));
    }
    assert!(life.attempt(attempted(Verdict::Delivered, true)).calls_back);
    assert_eq!(life.health.state, NotifierState::Active);
}

#[test]
fn a_rate_limit_pauses_as_long_as_was_asked_and_counts_nothing() {
    let mut life = Life::new();
    let limited = |retry_after| Attempted { retry_after, ..attempted(Verdict::RateLimited, false) };
    life.attempt(limited(Some(90 * SECOND)));
    assert_eq!((life.health.state, life.waits()), (NotifierState::Paused, Some(90 * SECOND)));
    life.attempt(limited(Some(SECOND)));
    assert_eq!(life.waits(), Some(89 * SECOND), "the longer one holds");
    life.attempt(attempted(Verdict::Delivered, false));
    assert_eq!(life.health.state, NotifierState::Paused, "one under way since before");
    assert_eq!(life.health.failures, 0);
    life.attempt(limited(Some(Duration::from_hours(999))));
    assert_eq!(life.waits(), Some(LONGEST_RETRY_AFTER));
    life.attempt(attempted(Verdict::Delivered, true));
    assert_eq!(life.health.state, NotifierState::Active);
    let mut unasked = Life::new();
    unasked.attempt(limited(None));
    assert_eq!(unasked.waits(), Some(RULES.pause(0, 1.0)));
    unasked.health = unasked.health.clone().with_pause_over(unasked.now);
    unasked.attempt(limited(None));
    assert_eq!(unasked.waits(), Some(RULES.pause(1, 1.0)), "longer each time");
}

#[test]
fn who_is_gone_stays_gone_until_a_probe_that_somebody_allowed() {
    let mut life = Life::new();
    life.attempt(attempted(Verdict::Gone, false));
    assert_eq!((life.health.state, life.health.until), (NotifierState::Gone, None));
    for verdict in [Verdict::Transient, Verdict::RateLimited, Verdict::NotifierRefused] {
        life.attempt(attempted(verdict, false));
        assert_eq!((life.health.state, life.health.until), (NotifierState::Gone, None), "{verdict:?}");
    }
    life.attempt(attempted(Verdict::NotifierRefused, true));
    assert_eq!(life.health.state, NotifierState::Held);
}

#[test]
fn a_refused_payload_shows_that_the_receiver_works() {
    for state in [NotifierState::Open, NotifierState::Held, NotifierState::Gone] {
        let mut life = Life::in_state(state);
        let change = life.attempt(attempted(Verdict::PayloadRefused, true));
        assert!(change.calls_back && change.health.state == NotifierState::Active, "{state:?}");
    }
    let mut life = Life::new();
    life.attempt(attempted(Verdict::Transient, false));
    assert!(!life.attempt(attempted(Verdict::PayloadRefused, false)).calls_back);
    assert_eq!(life.health, NotifierHealth::default());
}

#[test]
fn what_was_sent_with_another_configuration_changes_nothing() {
    let before = NotifierHealth::default();
    for (state, is_current) in [(NotifierState::Active, false), (NotifierState::Disabled, true)] {
        let health = NotifierHealth { state, ..before.clone() };
        let standing = Standing { health: health.clone(), now: now(), is_current };
        let change = RULES.after(&standing, attempted(Verdict::Gone, false), 1.0);
        assert_eq!(change, Change { health, calls_back: false });
    }
}
