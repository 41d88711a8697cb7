//! How fast a receiver may be sent to.

use std::time::Duration;

/// A token bucket: so many at once, then one each so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Messages that may go out at once after a while of quiet; at least 1.
    pub burst: u32,
    /// The time that one message takes up.
    pub every: Duration,
}

impl Rate {
    /// So many in so long, all of them at once if need be.
    pub fn new(count: u32, span: Duration) -> Self {
        let burst = count.max(1);
        Self { burst, every: span / burst }
    }

    /// Reads `1/s`, `20/m` or `100/h`.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let span = match unit.trim() {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return None,
        };
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        Some(Self::new(count, span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_in_a_second_a_minute_or_an_hour() {
        for (text, burst, every_ms) in [("1/s", 1, 1000), (" 20 / m ", 20, 3000), ("100/h", 100, 36_000)] {
            let every = Duration::from_millis(every_ms);
            assert_eq!(Rate::parse(text), Some(Rate { burst, every }), "{text}");
        }
        for text in ["", "1", "0/s", "-1/s", "1.5/s", "1/d", "often", "/s", "1/"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }
}
