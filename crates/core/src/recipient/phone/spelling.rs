//! From a text to a plus sign and digits: everything that has no meaning in a number goes.
//!
//! What is left of the text without the apostrophe that spreadsheets put before text, and without a `tel:`, has to be:
//! separators, plus signs, then digits with separators between and behind them. Full-width ASCII is ASCII by now. Digits
//! are those of every script in Unicode's basic plane. Separators are those that libphonenumber knows, less those that
//! start an extension, and white space, invisible signs and variation selectors. A tab or a line break is none: it
//! stands between two cells or lines.
//!
//! Refused is also what is a number and something else ([`has_doubtful_end`]): joined, its digits would be the number
//! of a stranger.

use countersign_contract::types::RecipientFault;

use crate::signs::{is_blank, is_break, is_variation_selector};

/// The scheme of RFC 3966.
const SCHEME: &str = "tel:";
/// The parameter that names what a local number is local to.
const CONTEXT: &str = ";phone-context=";
/// The zeros of all scripts that write decimal numbers, in the basic plane; their other digits follow them.
const ZEROS: [char; 37] = [
    '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}',
    '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}',
    '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}', '\u{a900}', '\u{a9d0}',
    '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}',
];

/// A number as it was spelled.
pub(super) struct Spelled {
    /// Whether it begins with a plus sign.
    pub(super) plus: bool,
    /// Its digits, ASCII; one at least.
    pub(super) digits: String,
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Spelled, RecipientFault> {
    let text = text.strip_prefix('\'').unwrap_or(text);
    let text = match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest,
        _ => text,
    };
    match text.split_once(CONTEXT) {
        Some((local, _)) if has_doubtful_end(local) => Err(RecipientFault::MalformedNumber),
        Some((local, context)) => read_in_context(local, context),
        None if has_doubtful_end(text) => Err(RecipientFault::MalformedNumber),
        None => read_signs(text.chars()),
    }
}

/// The text on either side of its only slash.
pub(super) fn around_only_slash(text: &str) -> Option<(&str, &str)> {
    around_only(text, '/')
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
/// without other separators, any count of zeros is decimals.
fn has_doubtful_end(text: &str) -> bool {
    let is_few = |(number, end): (&str, &str)| {
        count_digits(number) > 0 && (1..=2).contains(&count_digits(end))
    };
    let is_decimal = |(number, end): (&str, &str)| {
        let is_number = |sign: char| digit_of(sign).is_some() || sign == '+';
        let is_zeros = !end.is_empty() && end.chars().all(|sign| digit_of(sign) == Some('0'));
        is_zeros && number.chars().all(is_number) && count_digits(number) > 0
    };
    let behind_stop = around_only(text, '.');
    [around_only(text, '/'), in_last_brackets(text), behind_stop].into_iter().flatten().any(is_few)
        || behind_stop.is_some_and(is_decimal)
}

/// What stands before and in the brackets at the text's end.
fn in_last_brackets(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end_matches(|sign| is_separator(sign) && !matches!(sign, ')' | ']'));
    let text = text.strip_suffix([')', ']'])?;
    text.rsplit_once(['(', '['])
}

/// The text on either side of a separator that stands in it once.
fn around_only(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut parts = text.split(separator);
    let found = (parts.next()?, parts.next()?);
    parts.next().is_none().then_some(found)
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
    if sign.is_ascii() {
        return sign.is_ascii_digit().then_some(sign);
    }
    let script = ZEROS.partition_point(|zero| *zero <= sign).checked_sub(1)?;
    let value = u32::from(sign) - u32::from(*ZEROS.get(script)?);
    char::from_digit(value, 10)
}

fn is_separator(sign: char) -> bool {
    let is_mark = matches!(
        sign,
        '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}'
    );
    is_mark || is_variation_selector(sign) || (is_blank(sign) && !is_break(sign))
}
