//! From a text to a plus sign and digits: everything that has no meaning in a number goes.
//!
//! What is left of the text without the apostrophe that spreadsheets put before text, and without a `tel:`, has to be:
//! separators, plus signs, then digits with separators between and behind them. Full-width ASCII is ASCII by now. Digits
//! are those of every script, as in codes. Separators are those that libphonenumber knows (`x` and `*` aside), and white
//! space, invisible signs and variation selectors. A tab or a line break is none: it stands between two cells or lines.
//!
//! Refused is also what is a number and something else ([`has_doubtful_end`]): joined, its digits would be the number
//! of a stranger. Every rule on what stands around a sign sees parts that have digits, so that a sign more, repeated or at
//! the end, changes nothing.

use countersign_contract::types::RecipientFault;

use crate::signs::{is_blank, is_break, is_variation_selector, plain_digit};

/// The scheme of RFC 3966.
const SCHEME: &str = "tel:";
/// The parameter that names what a local number is local to.
const CONTEXT: &str = ";phone-context=";
/// The separator that may start an extension.
const TILDE: char = '~';
/// The longest extension that libphonenumber reads behind it.
const MAX_EXTENSION_DIGITS: usize = 9;
/// The shortest group behind a slash that may be another number of as many digits.
const MIN_ALTERNATIVE_DIGITS: usize = 5;

/// A number as it was spelled.
pub(super) struct Spelled {
    /// Whether it begins with a plus sign.
    pub(super) plus: bool,
    /// Its digits, ASCII; one at least.
    pub(super) digits: String,
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Spelled, RecipientFault> {
    match split(text) {
        (local, _) if has_doubtful_end(local) => Err(RecipientFault::MalformedNumber),
        (local, Some(context)) => read_in_context(local, context),
        (local, None) => read_signs(local.chars()),
    }
}

/// The number, without what may stand before it, and what it is local to.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    let text = text.strip_prefix('\'').unwrap_or(text);
    let text = match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest,
        _ => text,
    };
    text.split_once(CONTEXT).map_or((text, None), |(local, context)| (local, Some(context)))
}

/// A part of the number as a text of its own.
pub(super) fn join(part: &str, context: Option<&str>) -> String {
    context.map_or_else(|| part.to_owned(), |context| format!("{part}{CONTEXT}{context}"))
}

/// The text on either side of its only slash.
pub(super) fn around_only_slash(text: &str) -> Option<(&str, &str)> {
    around_only(text, '/')
}

/// The text before each slash behind which there may stand, in place of the number's end, the end of another number: one
/// or two digits behind more (`030/901820/21`), or five and more behind as many (`030 12345/12346`).
pub(super) fn before_alternatives(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('/').filter_map(|(at, slash)| {
        let (before, from) = text.split_at_checked(at)?;
        let behind = digits(from.strip_prefix(slash)?.split('/').next()?);
        let last = before.rsplit('/').map(count_digits).find(|count| *count > 0)?;
        let is_end = (1..=2).contains(&behind.len()) && behind.len() < last;
        let is_alternative = behind.len() >= MIN_ALTERNATIVE_DIGITS
            && may_take_the_place_of_the_end(before, &behind);
        (is_end || is_alternative).then_some(before)
    })
}

/// Whether the last digits of the number, as many as the other ones, are groups of their own, or differ from the other
/// ones in the last two only.
fn may_take_the_place_of_the_end(number: &str, other: &str) -> bool {
    let mut signs = number.chars().rev();
    let mut end: Vec<char> = signs.by_ref().filter_map(digit_of).take(other.len()).collect();
    end.reverse();
    let begins = signs.next().and_then(digit_of).is_none();
    let same = end.iter().zip(other.chars()).take_while(|(one, other)| *one == other).count();
    end.len() == other.len() && (begins || same + 2 >= other.len())
}

/// What stands before the decimals of a spreadsheet that writes thousands with full stops too: `6.281.234.567.890.0`.
pub(super) fn before_decimals(text: &str) -> Option<&str> {
    let bare = |text: &str| text.trim_matches(|sign| digit_of(sign).is_none()).to_owned();
    let is_digits = |group: &String| group.chars().all(|sign| digit_of(sign).is_some());
    let end = text.trim_end_matches(|sign| digit_of(sign).is_none());
    let (number, decimals) = end.rsplit_once('.')?;
    let decimals = bare(decimals);
    let is_zeros = is_digits(&decimals) && matches!(digits(&decimals).as_str(), "0" | "00");
    let mut groups = number.split('.').map(bare).filter(|group| !group.is_empty());
    let first = groups.next().filter(is_digits).map(|first| digits(&first))?;
    let mut others = groups.peekable();
    let is_thousands = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && others.peek().is_some()
        && others.all(|group| is_digits(&group) && count_digits(&group) == 3);
    (is_zeros && is_thousands).then_some(number)
}

/// The text before and from each group of digits on, but for the first group.
pub(super) fn before_groups(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_digit = |sign: Option<char>| sign.and_then(digit_of).is_some();
    text.char_indices().filter_map(move |(at, sign)| {
        let (before, from) = text.split_at_checked(at)?;
        let begins = is_digit(Some(sign)) && !is_digit(before.chars().next_back());
        (begins && count_digits(before) > 0).then_some((before, from))
    })
}

/// Whether the last digits may be no part of the number: one or two behind the only slash (`901820/21`), in brackets
/// at the end, or behind the only full stop, where spreadsheets have decimals (`81234567890.0`). Behind a number
/// without other separators, any count of zeros is decimals. Behind a `~`, few digits are an extension.
fn has_doubtful_end(text: &str) -> bool {
    let is_few = |(number, end): (&str, &str)| {
        count_digits(number) > 0 && (1..=2).contains(&count_digits(end))
    };
    let is_decimal = |(number, end): (&str, &str)| {
        let bare = number.trim_matches(|sign| digit_of(sign).is_none());
        let is_number = bare.chars().all(|sign| digit_of(sign).is_some());
        is_number && digits(end).bytes().all(|digit| digit == b'0')
    };
    let behind_stop = around_only(text, '.');
    [around_only(text, '/'), in_last_brackets(text), behind_stop].into_iter().flatten().any(is_few)
        || behind_stop.is_some_and(is_decimal)
        || has_extension(text)
}

fn has_extension(text: &str) -> bool {
    let mut parts = text.rsplit(TILDE).map(count_digits).filter(|count| *count > 0);
    let is_short = parts.next().is_some_and(|count| count <= MAX_EXTENSION_DIGITS);
    is_short && parts.next().is_some()
}

/// What stands before and from the last bracket before the last digit, if one behind that closes it.
fn in_last_brackets(text: &str) -> Option<(&str, &str)> {
    let (before, from) = text.split_at_checked(text.rfind(|sign| digit_of(sign).is_some())?)?;
    let (number, _) = before.rsplit_once(['(', '['])?;
    from.contains([')', ']']).then_some(())?;
    text.split_at_checked(number.len())
}

/// The text on either side of a separator that stands in it once between digits.
fn around_only(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut parts = text.split(separator).filter(|part| count_digits(part) > 0);
    let found = (parts.next()?, parts.next()?);
    parts.next().is_none().then_some(found)
}

fn digits(text: &str) -> String {
    text.chars().filter_map(digit_of).collect()
}

fn count_digits(text: &str) -> usize {
    text.chars().filter(|sign| digit_of(*sign).is_some()).count()
}

/// `8123456;phone-context=+62`: the context is the beginning of the number.
fn read_in_context(local: &str, context: &str) -> Result<Spelled, RecipientFault> {
    let allowed = |sign: char| matches!(sign, '-' | '.' | '(' | ')') || digit_of(sign).is_some();
    match context.strip_prefix('+') {
        Some(code)
            if code.chars().all(allowed) && code.chars().any(|sign| digit_of(sign).is_some()) =>
        {
            read_signs(context.chars().chain(local.chars()))
        }
        _ => Err(RecipientFault::MalformedNumber),
    }
}

fn read_signs(signs: impl Iterator<Item = char>) -> Result<Spelled, RecipientFault> {
    let mut spelled = Spelled { plus: false, digits: String::new() };
    let mut plus_may_follow = true;
    for sign in signs {
        if let Some(digit) = digit_of(sign) {
            spelled.digits.push(digit);
            plus_may_follow = false;
        } else if sign == '+' && plus_may_follow {
            spelled.plus = true;
        } else if is_separator(sign) {
            plus_may_follow = !spelled.plus && plus_may_follow;
        } else {
            return Err(RecipientFault::MalformedNumber);
        }
    }
    if spelled.digits.is_empty() { Err(RecipientFault::MalformedNumber) } else { Ok(spelled) }
}

/// The ASCII digit of the same value.
fn digit_of(sign: char) -> Option<char> {
    Some(plain_digit(sign)).filter(char::is_ascii_digit)
}

fn is_separator(sign: char) -> bool {
    let is_mark = matches!(
        sign,
        '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}'
    );
    is_mark
        || matches!(sign, TILDE | '\u{2053}' | '\u{223c}')
        || is_variation_selector(sign)
        || (is_blank(sign) && !is_break(sign))
}
