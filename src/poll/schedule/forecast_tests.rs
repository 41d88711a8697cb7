#![expect(clippy::float_cmp, reason = "bounds are met exactly")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a day"
)]

use proptest::prelude::*;

use super::*;

const MIN: f64 = 60.0;
const DAY: f64 = 24.0 * HOUR;
/// A Monday, 00:00 UTC.
const MONDAY: f64 = 1_700_438_400.0;

/// A feed with so many articles a day, its profile as flat as the arrays given here.
fn forecast(daily: f64, hours: [f64; 24], minutes: [f64; 16]) -> Forecast {
    Forecast { rate: daily / DAY, room: f64::INFINITY, lag: 0.0, hours, minutes }
}

fn flat(daily: f64) -> Forecast {
    forecast(daily, [1.0; 24], [1.0; 16])
}

#[track_caller]
fn check(wait: f64, expected: f64) {
    assert!((wait - expected).abs() <= PUNCTUALITY + 1e-6, "waits {wait} s, not {expected}");
}

#[test]
fn a_constant_rate_gives_the_square_root_rule() {
    for (daily, price) in [(24.0, 500.0), (100.0, 2000.0), (2.0, 90.0)] {
        let expected = (2.0 * price / (daily / DAY)).sqrt();
        check(flat(daily).wait(MONDAY + 123.0, price, MIN, DAY), expected);
    }
}

#[test]
fn busy_feeds_go_at_the_floor_and_rare_ones_at_the_ceiling() {
    let (lo, hi) = (15.0 * MIN, 3.0 * HOUR);
    assert_eq!(flat(500.0).wait(MONDAY, 300.0, lo, hi), lo);
    assert_eq!(flat(0.1).wait(MONDAY, 300.0, lo, hi), hi);
    assert_eq!(flat(500.0).wait(MONDAY, 0.0, lo, hi), lo);
    assert_eq!(flat(500.0).wait(MONDAY, f64::MAX, lo, hi), hi);
    assert_eq!(flat(500.0).wait(MONDAY, 300.0, hi, lo), hi, "the floor wins over the ceiling");
}

#[test]
fn a_poll_goes_after_the_rush_of_the_hour() {
    // Nine of ten articles come in minute :00.
    let mut minutes = [0.1 * 60.0 / 59.0; 16];
    minutes[0] = 0.9 * 60.0;
    let wait = forecast(24.0, [1.0; 24], minutes).wait(MONDAY + 30.0 * MIN, 400.0, 15.0 * MIN, 3.0 * HOUR);
    assert!((30.0 * MIN..33.0 * MIN).contains(&wait), "waits {wait} s");
}

#[test]
fn a_feed_that_sleeps_at_night_is_polled_when_it_wakes() {
    let mut hours = [0.02; 24];
    hours[8..18].fill(2.36);
    let forecast = forecast(50.0, hours, [1.0; 16]);
    let wait = forecast.wait(MONDAY, 5000.0, 15.0 * MIN, DAY);
    assert!(wait > 8.0 * HOUR && wait < 9.0 * HOUR, "waits {wait} s at midnight");
    let wait = forecast.wait(MONDAY + 10.0 * HOUR, 5000.0, 15.0 * MIN, DAY);
    assert!(wait < 2.0 * HOUR, "waits {wait} s in the morning");
}

#[test]
fn a_lag_moves_the_rush() {
    let mut minutes = [0.1 * 60.0 / 59.0; 16];
    minutes[0] = 0.9 * 60.0;
    let prompt = forecast(24.0, [1.0; 24], minutes);
    let late = Forecast { lag: 300.0, ..prompt.clone() };
    let wait = |forecast: &Forecast| forecast.wait(MONDAY + 30.0 * MIN, 400.0, 15.0 * MIN, 3.0 * HOUR);
    assert!((wait(&late) - wait(&prompt) - 300.0).abs() < 30.0);
}

#[test]
fn a_window_that_could_overflow_ends_the_wait() {
    let price = 1e9;
    let wait = |window| {
        let forecast = Forecast { room: room(window), ..flat(96.0) };
        forecast.wait(MONDAY, price, 15.0 * MIN, DAY)
    };
    assert_eq!(wait(0), DAY, "how much the feed shows is not known");
    check(wait(21), 9.0 * 15.0 * MIN);
    check(wait(5), 15.0 * MIN);
    assert_eq!(wait(1), 15.0 * MIN, "the floor holds");
}

#[test]
fn a_window_has_room_for_a_burst() {
    for window in [1_u16, 5, 10, 15, 20, 50, 1000] {
        let (room, window) = (room(window), f64::from(window));
        assert!((room + ROOM_DEVIATIONS * room.sqrt() - window).abs() < 1e-9);
    }
}

proptest! {
    #[test]
    fn the_wait_is_always_within_its_bounds(
        daily in 1e-6..1e6_f64, price in 0.0..1e12_f64, lo in 1.0..7200.0_f64, more in 0.0..86_400.0_f64,
        at in 0.0..1e6_f64, lag in 0.0..900.0_f64, window in 0..200_u16,
        hours in prop::array::uniform24(0.02..10.0_f64), minutes in prop::array::uniform16(0.01..20.0_f64),
    ) {
        let forecast = Forecast { lag, room: room(window), ..forecast(daily, hours, minutes) };
        let wait = forecast.wait(MONDAY + at, price, lo, lo + more);
        prop_assert!(wait >= lo && wait <= lo + more, "{wait} is not within {lo} and {}", lo + more);
    }

    #[test]
    fn a_dearer_poll_is_never_sooner_with_a_flat_profile(
        daily in 0.1..1000.0_f64, price in 1.0..1e6_f64, at in 0.0..1e6_f64,
    ) {
        let wait = |price| flat(daily).wait(MONDAY + at, price, 60.0, DAY);
        prop_assert!(wait(price) <= wait(price * 1.5) + 1e-6);
    }

    /// The walk over the bins finds what trying every second finds.
    #[test]
    fn no_second_is_better_than_the_chosen_one(
        daily in 1.0..300.0_f64, price in 10.0..3000.0_f64, at in 0.0..1e5_f64,
        hours in prop::array::uniform24(0.2..3.0_f64), minutes in prop::array::uniform16(0.2..8.0_f64),
    ) {
        let (lo, hi) = (15.0 * MIN, 3.0 * HOUR);
        let forecast = forecast(daily, hours, minutes);
        let now = (MONDAY + at).floor();
        let wait = forecast.wait(now, price, lo, hi);
        let chosen = if wait > lo && wait < hi { wait - PUNCTUALITY } else { wait };
        let costs = costs(&forecast, now, price, lo, hi);
        let nearby = |seconds: f64| costs[(seconds as usize).min(costs.len() - 1)];
        // Only as far as the walk looks: it does not cross a long stretch of higher cost.
        let best = costs[lo as usize..=(chosen as usize).max(lo as usize)].iter().copied().fold(f64::INFINITY, f64::min);
        prop_assert!(nearby(chosen).min(nearby(wait)) <= best + 0.02 * best.abs() + 2.0, "{} > {best}", nearby(chosen));
    }
}

/// The cost of a poll after each whole second, added up second by second.
fn costs(forecast: &Forecast, now: f64, price: f64, lo: f64, hi: f64) -> Vec<f64> {
    let (mut waiting, mut cost) = (0.0, 0.0);
    let mut costs = vec![0.0];
    for second in 0..hi as usize {
        let bins = Bins::from(now + second as f64 + 0.5);
        let hour = forecast.hour(bins.hour(), price, lo, hi);
        let rate = hour.rate * forecast.minutes[bins.bin()];
        cost += waiting + rate / 2.0 - (rate * hour.gap / 2.0 + hour.price);
        waiting += rate;
        costs.push(cost);
    }
    costs
}
