//! Small pictures of what went through: one bar for each day or hour. Pure.

use maud::{Markup, PreEscaped, html};

const WIDTH: usize = 96;
const HEIGHT: u64 = 20;

/// Bars for these numbers, oldest first; `what` says in words what they are.
pub fn bars(numbers: &[u64], what: &str) -> Markup {
    let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let label = format!("{what}: {}", list.join(" "));
    // Its size is in the style sheet, in the same units. An element that ends itself is shorter: there are hundreds.
    html! { svg role="img" aria-label=(label) { (PreEscaped(format!("<path d=\"{}\"/>", path(numbers)))) } }
}

/// One upright stroke for each number that is not 0; the highest fills the height.
fn path(numbers: &[u64]) -> String {
    let most = numbers.iter().copied().max().unwrap_or(0).max(1);
    let step = WIDTH / numbers.len().max(1);
    let stroke = |(place, number): (usize, &u64)| {
        let height = (number * HEIGHT).div_ceil(most).max(u64::from(*number > 0) * 2);
        (height > 0).then(|| format!("M{} {HEIGHT}v-{height}", place * step + step / 2))
    };
    numbers.iter().enumerate().filter_map(stroke).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_says_the_same_as_its_words() {
        let shown = bars(&[0, 10, 5, 1], "articles a day").into_string();
        assert!(shown.contains("aria-label=\"articles a day: 0 10 5 1\""), "{shown}");
        assert!(shown.contains("d=\"M36 20v-20M60 20v-10M84 20v-2\""), "{shown}");
        assert_eq!(path(&[0, 0]), "");
        assert_eq!(path(&[]), "");
    }
}
