//! The table: one row for each way in which a receiver can answer, or not.

mod limits;
mod statuses;
mod vendors;
mod wire;

use super::case::Case;

/// All rows.
pub fn cases() -> Vec<Case> {
    let mut cases = statuses::cases();
    cases.extend(limits::cases());
    cases.extend(vendors::cases());
    cases.extend(wire::cases());
    cases
}

#[test]
fn every_row_has_a_name_of_its_own() {
    let mut names: Vec<String> = cases().into_iter().map(|case| case.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
