//! Texts without an `@` that are meant as mail addresses nevertheless: they are never told to be no number.

/// What stands for an `@`, and in nothing but addresses. Small letters.
const SIGNS: [&str; 8] =
    ["%40", "%2540", "&#64;", "&#064;", "&#x40;", "&commat;", "\u{24d0}", "\u{24b6}"];
/// What is written in place of an `@`, and elsewhere too (Austria is `AT`).
const WORDS: [&str; 7] = ["(at)", "[at]", "{at}", "<at>", " at ", "-at-", "_at_"];
/// What is written in place of a full stop.
const DOTS: [&str; 6] = [" dot ", "(dot)", "[dot]", "{dot}", "<dot>", "\u{3002}"];
/// The shortest top-level domain.
const MIN_LETTERS: usize = 2;

/// Whether the text is meant as a mail address, and as no number. It is where
///
/// - a sign stands in it that only addresses have: `09012345678%40docomo.ne.jp`;
/// - a word for `@` stands before a domain: `1234567890 at gmail.com`, `taro at example dot com`;
/// - it ends, without a blank, in a domain of names: `09012345678.docomo.ne.jp`, but not `1.800.555.FLOW`;
/// - letters are more than digits, with a full stop or a word for `@` among them: `taro (at) example`.
///
/// A `tel:` and the parameters of numbers are a number's.
pub(super) fn is_meant_by(text: &str) -> bool {
    let lower = text.trim_start_matches('\'').to_ascii_lowercase();
    if lower.starts_with("tel:") || lower.contains(";phone-context=") {
        return false;
    }
    let count = |is: fn(&char) -> bool| lower.chars().filter(is).count();
    let has = |signs: &[&str]| signs.iter().any(|sign| lower.contains(sign));
    has(&SIGNS)
        || WORDS.iter().any(|word| stands_before_a_domain(&lower, word))
        || ends_in_names(&lower)
        || (count(|sign| sign.is_alphabetic()) > count(|sign| sign.is_numeric())
            && (lower.contains('.') || has(&["(at)", "[at]"])))
}

fn stands_before_a_domain(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let behind = text.split_at_checked(at).and_then(|(_, from)| from.strip_prefix(word));
        let plain = DOTS
            .iter()
            .fold(behind.unwrap_or_default().to_owned(), |text, dot| text.replace(dot, "."));
        let domain = plain.split_whitespace().next().unwrap_or_default();
        domain.rsplit_once('.').is_some_and(|(before, last)| {
            before.ends_with(char::is_alphanumeric) && is_top_level(last)
        })
    })
}

fn ends_in_names(text: &str) -> bool {
    let mut labels = text.rsplit(['.', '\u{3002}']);
    !text.contains(char::is_whitespace)
        && labels.next().is_some_and(is_top_level)
        && labels.next().is_some_and(|label| label.starts_with(char::is_alphabetic))
}

fn is_top_level(label: &str) -> bool {
    let is_name = label.starts_with("xn--") || label.chars().all(char::is_alphabetic);
    is_name && label.chars().nth(MIN_LETTERS - 1).is_some()
}
