//! A rhythm as it is kept with its feed: a version and then the fields, little-endian. Pure.

use super::{
    profile::{Hours, Minutes},
    rhythm::Rhythm,
};

/// Grows when the fields change; what another version wrote is learned again.
const VERSION: u8 = 1;
/// Bytes that a kept rhythm takes.
pub const KEPT_BYTES: usize = 69;

impl Rhythm {
    /// The bytes to keep.
    pub fn to_bytes(&self) -> [u8; KEPT_BYTES] {
        let mut writer = Writer { bytes: [0; KEPT_BYTES], at: 0 };
        writer.put(&[VERSION]);
        for time in [self.first, self.newest, self.polled] {
            writer.put(&time.to_le_bytes());
        }
        for count in [self.slow, self.quick] {
            writer.put(&count.to_le_bytes());
        }
        for small in [self.lag, self.window, self.articles, self.flagged] {
            writer.put(&small.to_le_bytes());
        }
        writer.put(&self.hours.0);
        writer.put(&self.minutes.0);
        writer.bytes
    }

    /// Reads what was kept; `None` if it is of another version or damaged. Such a feed is learned again.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.take::<1>()? != [VERSION] {
            return None;
        }
        let [first, newest, polled] = [reader.time()?, reader.time()?, reader.time()?];
        let [slow, quick] = [reader.count()?, reader.count()?];
        let [lag, window, articles, flagged] =
            [reader.small()?, reader.small()?, reader.small()?, reader.small()?];
        let (hours, minutes) = (Hours(reader.take()?), Minutes(reader.take()?));
        let rhythm =
            Self { first, newest, polled, slow, quick, lag, window, articles, flagged, hours, minutes };
        reader.0.is_empty().then_some(rhythm)
    }
}

struct Writer {
    bytes: [u8; KEPT_BYTES],
    at: usize,
}

impl Writer {
    fn put(&mut self, field: &[u8]) {
        self.bytes[self.at..self.at + field.len()].copy_from_slice(field);
        self.at += field.len();
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn time(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn count(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes).filter(|count| count.is_finite() && *count >= 0.0)
    }

    fn small(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::schedule::Lesson;

    fn learned() -> Rhythm {
        let mut rhythm = Rhythm::default();
        let stamps = [Some(1.7e9), Some(1.7e9 + 4000.0), None];
        rhythm.learn(1.7e9 + 5000.0, &Lesson { stamps: &stamps, window: 20, flagged: 1 });
        rhythm
    }

    #[test]
    fn what_was_kept_comes_back() {
        assert_eq!(Rhythm::from_bytes(&learned().to_bytes()), Some(learned()));
        assert_eq!(Rhythm::from_bytes(&Rhythm::default().to_bytes()), Some(Rhythm::default()));
    }

    #[test]
    fn what_another_version_wrote_or_is_damaged_is_not_read() {
        let kept = learned().to_bytes();
        assert_eq!(Rhythm::from_bytes(&[]), None);
        assert_eq!(Rhythm::from_bytes(&kept[1..]), None);
        assert_eq!(Rhythm::from_bytes(&kept[..KEPT_BYTES - 1]), None);
        assert_eq!(Rhythm::from_bytes(&[kept.as_slice(), &[0]].concat()), None);
        let mut other_version = kept;
        other_version[0] += 1;
        assert_eq!(Rhythm::from_bytes(&other_version), None);
        let mut no_number = kept;
        no_number[13..17].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(Rhythm::from_bytes(&no_number), None);
    }
}
