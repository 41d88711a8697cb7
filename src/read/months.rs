//! Names of months in the languages of feeds: en de fr es pt it nl ru uk tr el pl (specs/reading.md §5).

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How the names of each month begin, full or short, without accents.
const BEGINNINGS: [&[&str]; 12] = [
    &["jan", "gen", "ene", "янв", "січ", "oca", "ιαν", "sty"],
    &["feb", "fev", "фев", "лют", "sub", "φεβ", "lut"],
    &["mar", "mrz", "mrt", "maa", "мар", "бер", "μαρ"],
    &["apr", "avr", "abr", "апр", "кві", "nis", "απρ", "kwi"],
    &["may", "mai", "maj", "mei", "mag", "мая", "маи", "тра", "μαι"],
    &["jun", "juin", "giu", "июн", "чер", "haz", "ιουν", "cze"],
    &["jul", "juil", "lug", "июл", "лип", "tem", "ιουλ", "lip"],
    &["aug", "aou", "ago", "авг", "сер", "agu", "αυγ", "sie"],
    &["sep", "set", "сен", "вер", "eyl", "σεπ", "wrz"],
    &["oct", "okt", "out", "ott", "окт", "жов", "eki", "οκτ", "paz"],
    &["nov", "ноя", "лис", "kas", "νοε", "lis"],
    &["dec", "dez", "dic", "дек", "гру", "ara", "δεκ", "gru"],
];

/// Which month, 1 to 12, a word names. Some name a day of the week in another language; where that matters, place
/// decides.
pub(super) fn number(word: &str) -> Option<u32> {
    let plain: String = if word.is_ascii() {
        word.to_ascii_lowercase()
    } else {
        let lower = word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
        lower.map(|c| if c == 'ı' { 'i' } else { c }).collect()
    };
    let is_name = plain.chars().all(char::is_alphabetic);
    let month = BEGINNINGS.iter().position(|names| names.iter().any(|name| plain.starts_with(name)))?;
    u32::try_from(month + 1).ok().filter(|_| is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_is_known_in_twelve_languages() {
        let languages = [
            "January February March April May June July August September October November December",
            "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
            "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
            "janv févr mars avr mai juin juil août sept oct nov déc",
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
            "januari februari maart april mei juni juli augustus september oktober november december",
            "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
            "янв фев мар апр май июн июл авг сен окт ноя дек",
            "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
            "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
            "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου",
            "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        ];
        for names in languages {
            let months: Vec<Option<u32>> = names.split(' ').map(number).collect();
            assert_eq!(months, (1..=12).map(Some).collect::<Vec<_>>(), "{names}");
        }
        for word in ["Mon", "Sat", "GMT", "de", "ma", "пн", "11", "mar5", ""] {
            assert_eq!(number(word), None, "{word}");
        }
    }
}
