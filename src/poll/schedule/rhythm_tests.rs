#![expect(clippy::float_cmp, reason = "exact bounds and whole seconds")]

use proptest::prelude::*;

use super::*;

/// A Monday, 00:00 UTC.
const MONDAY: f64 = 1_700_438_400.0;

fn lesson(stamps: &[Option<f64>]) -> Lesson<'_> {
    Lesson { stamps, window: 20, flagged: 0 }
}

/// A feed with an article every `gap` seconds for `days` days, polled every hour.
fn regular(gap: f64, days: f64) -> (Rhythm, f64) {
    let mut rhythm = Rhythm::default();
    let mut stamps: Vec<f64> = Vec::new();
    let mut at = MONDAY;
    while at < MONDAY + days * DAY {
        stamps.push(at);
        at += gap;
    }
    let mut now = MONDAY;
    while now < MONDAY + days * DAY {
        now += HOUR;
        let (new, later): (Vec<f64>, Vec<f64>) = stamps.iter().partition(|stamp| **stamp <= now);
        let new: Vec<Option<f64>> = new.into_iter().map(Some).collect();
        rhythm.learn(now, &lesson(&new));
        stamps = later;
    }
    (rhythm, now)
}

#[track_caller]
fn check_daily(rate: f64, expected: f64, tolerance: f64) {
    let daily = rate * DAY;
    assert!((daily / expected - 1.0).abs() < tolerance, "{daily} articles a day, not {expected}");
}

#[test]
fn a_feed_that_nobody_knows_is_expected_to_publish_twice_a_day() {
    check_daily(Rhythm::default().rate(MONDAY), 2.0, 1e-9);
}

#[test]
fn a_regular_feed_is_expected_to_go_on() {
    for (gap, daily) in [(600.0, 144.0), (HOUR, 24.0), (6.0 * HOUR, 4.0)] {
        let (rhythm, now) = regular(gap, 20.0);
        check_daily(rhythm.rate(now), daily, 0.12);
        check_daily(rhythm.slow_rate(now), daily, 0.05);
    }
}

#[test]
fn a_first_look_at_old_entries_tells_the_rate() {
    let stamps: Vec<Option<f64>> = (0..20).map(|n| Some(MONDAY - f64::from(n) * DAY)).collect();
    let mut rhythm = Rhythm::default();
    rhythm.learn(MONDAY, &lesson(&stamps));
    check_daily(rhythm.rate(MONDAY), 1.0, 0.25);
}

#[test]
fn a_feed_that_falls_silent_is_expected_less_and_less() {
    let (mut rhythm, mut now) = regular(HOUR, 10.0);
    let mut before = rhythm.rate(now);
    for _ in 0..60 {
        now += 12.0 * HOUR;
        rhythm.learn(now, &lesson(&[]));
        assert!(rhythm.rate(now) < before);
        before = rhythm.rate(now);
    }
    assert!(before * DAY < 5.0, "{} articles a day after a month of silence", before * DAY);
}

#[test]
fn the_quick_memory_notices_a_rush_within_a_day() {
    let (mut rhythm, now) = regular(6.0 * HOUR, 20.0);
    let rush: Vec<Option<f64>> = (1..=96).map(|n| Some(now + f64::from(n) * 900.0)).collect();
    rhythm.learn(now + DAY, &lesson(&rush));
    assert!(rhythm.rate(now + DAY) > 3.0 * rhythm.slow_rate(now + DAY).min(8.0 / DAY));
}

#[test]
fn hostile_stamps_count_but_do_not_shape_the_profiles() {
    let (honest, now) = regular(HOUR, 3.0);
    for stamp in [None, Some(now + DAY), Some(now - 2.0 * DAY), Some(0.0), Some(f64::MAX), Some(-1e12)] {
        let mut rhythm = honest;
        rhythm.learn(now + HOUR, &lesson(&[stamp]));
        assert_eq!((rhythm.hours, rhythm.minutes), (honest.hours, honest.minutes), "{stamp:?}");
        assert!(rhythm.slow > honest.slow, "{stamp:?} was not counted");
        assert_eq!(f64::from(rhythm.newest), now + HOUR / 2.0, "{stamp:?}");
    }
}

#[test]
fn an_import_of_old_entries_is_no_burst() {
    let (mut rhythm, now) = regular(HOUR, 3.0);
    let calm = rhythm.rate(now);
    let import: Vec<Option<f64>> = (0..50).map(|n| Some(now - f64::from(n) * 60.0)).collect();
    rhythm.learn(now + HOUR, &lesson(&import));
    assert!(rhythm.rate(now) < 4.0 * calm);
}

#[test]
fn late_articles_raise_the_lag_and_early_ones_lower_it() {
    let mut rhythm = Rhythm::default();
    let mut now = MONDAY;
    for _ in 0..60 {
        now += HOUR;
        // Stamped two minutes before the poll that does not show them yet.
        rhythm.learn(now, &lesson(&[Some(now - HOUR - 120.0)]));
    }
    assert!((140..=150).contains(&rhythm.lag), "lag {}", rhythm.lag);
    for _ in 0..60 {
        now += HOUR;
        rhythm.learn(now, &lesson(&[Some(now - 5.0)]));
    }
    assert!(rhythm.lag < 20, "lag {}", rhythm.lag);
}

#[test]
fn a_feed_that_is_often_flagged_is_worth_more_within_bounds() {
    let mut alerting = Rhythm::default();
    let stamps: Vec<Option<f64>> = (0..100).map(|n| Some(MONDAY + f64::from(n))).collect();
    alerting.learn(MONDAY + HOUR, &Lesson { stamps: &stamps, window: 100, flagged: 90 });
    let mut silent = Rhythm::default();
    silent.learn(MONDAY + HOUR, &Lesson { stamps: &stamps, window: 100, flagged: 0 });
    assert_eq!(alerting.worth(0.02), 4.0);
    assert_eq!(silent.worth(0.5), 0.5);
    assert!((1.0..1.5).contains(&alerting.worth(0.8)));
    assert_eq!(Rhythm::default().worth(0.02), 1.0, "nothing is known of it");
    assert_eq!(alerting.worth(0.0), 1.0, "nothing was flagged yet");
}

#[test]
fn a_clock_that_jumps_leaves_sane_rates() {
    let year = 365.0 * DAY;
    for jump in [year, -year] {
        let (mut rhythm, now) = regular(HOUR, 10.0);
        rhythm.learn(now + jump, &lesson(&[Some(now + jump - 60.0)]));
        let daily = rhythm.rate(now + jump) * DAY;
        assert!(daily > 0.01 && daily < 1500.0, "{daily} articles a day after a jump of {jump} s");
    }
}

proptest! {
    #[test]
    fn whatever_is_learned_rates_stay_finite_and_counters_fit(
        polls in prop::collection::vec(
            (-1e6..1e6_f64, prop::collection::vec(prop::option::of(-1e10..1e10_f64), 0..40), 0..100_usize),
            1..40,
        )
    ) {
        let mut rhythm = Rhythm::default();
        let mut now = MONDAY;
        for (step, stamps, window) in polls {
            now += step;
            rhythm.learn(now, &Lesson { stamps: &stamps, window, flagged: stamps.len() });
            let rate = rhythm.rate(now);
            prop_assert!(rate.is_finite() && rate > 0.0, "rate {rate}");
            prop_assert!(rhythm.lag <= 900);
            prop_assert!(rhythm.flagged <= rhythm.articles);
            prop_assert!((0.5..=4.0).contains(&rhythm.worth(0.01)));
            prop_assert!(rhythm.share(now, 0.01).is_finite());
            prop_assert_eq!(Rhythm::from_bytes(&rhythm.to_bytes()), Some(rhythm));
        }
    }
}
