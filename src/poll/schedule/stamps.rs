//! Stamps are hostile: in the future, in another zone, missing, late. What a stamp says about the time of an article,
//! and how long after it the article appears (specs/polling.md, Part 2 §2). Pure.

/// A stamp that is older than the previous poll by more than this cannot be when the article appeared.
const MOST_LATE: f64 = 3600.0;
/// The largest lag that is believed, in seconds.
const MOST_LAG: f64 = 900.0;
/// An article that the previous poll did not see appeared so long after that poll, at least.
const AFTER_POLL: f64 = 30.0;
/// How much one article moves the lag.
const LAG_STEP: f64 = 0.2;

/// When an article is taken to have been published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// Seconds since 1970.
    pub at: f64,
    /// Whether that is what the stamp says, so that it tells of the hour and the minute.
    pub is_plausible: bool,
}

/// Judges the stamp of an article that a poll at `now` saw for the first time.
pub fn judge(stamp: Option<f64>, previous: Option<f64>, now: f64) -> Sighting {
    let seen = previous.map_or(now, |previous| f64::midpoint(previous, now));
    match stamp {
        Some(stamp) if stamp <= now && previous.is_none_or(|previous| stamp >= previous - MOST_LATE) => {
            Sighting { at: stamp, is_plausible: true }
        }
        _ => Sighting { at: seen, is_plausible: false },
    }
}

/// The lag after one more article. It grows when the previous poll did not show what was stamped before it, and
/// shrinks when an article shows sooner than the lag says.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and 900")]
pub fn lag(lag: u16, stamp: f64, previous: f64, now: f64) -> u16 {
    let lag = f64::from(lag);
    let late = (previous - stamp + AFTER_POLL).min(MOST_LAG);
    let target = if stamp < previous { lag.max(late) } else { lag.min(now - stamp) };
    (lag + LAG_STEP * (target - lag)).round().clamp(0.0, MOST_LAG) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREVIOUS: f64 = 1e9;
    const NOW: f64 = PREVIOUS + 3600.0;

    #[track_caller]
    fn check(stamp: Option<f64>, previous: Option<f64>, at: f64, is_plausible: bool) {
        assert_eq!(judge(stamp, previous, NOW), Sighting { at, is_plausible }, "{stamp:?} {previous:?}");
    }

    #[test]
    fn a_stamp_is_believed_if_the_article_can_have_appeared_then() {
        let previous = Some(PREVIOUS);
        check(Some(NOW - 60.0), previous, NOW - 60.0, true);
        check(Some(PREVIOUS - 600.0), previous, PREVIOUS - 600.0, true);
        check(Some(PREVIOUS - 3601.0), previous, NOW - 1800.0, false);
        check(Some(NOW + 1.0), previous, NOW - 1800.0, false);
        check(None, previous, NOW - 1800.0, false);
    }

    #[test]
    fn at_the_first_sight_only_the_future_is_doubted() {
        check(Some(0.0), None, 0.0, true);
        check(Some(NOW + 1.0), None, NOW, false);
        check(None, None, NOW, false);
    }

    #[test]
    fn the_lag_moves_by_a_fifth_and_is_bounded() {
        assert_eq!(lag(0, PREVIOUS - 120.0, PREVIOUS, NOW), 30);
        assert_eq!(lag(200, PREVIOUS - 120.0, PREVIOUS, NOW), 200, "a shorter one says nothing");
        assert_eq!(lag(200, NOW - 100.0, PREVIOUS, NOW), 180);
        assert_eq!(lag(200, NOW - 1000.0, PREVIOUS, NOW), 200);
        assert_eq!(lag(900, PREVIOUS - 3600.0, PREVIOUS, NOW), 900);
    }
}
