//! Phone numbers, to E.164, in agreement with libphonenumber (`parse`, then `is_valid_number`).
//!
//! The algorithm is libphonenumber's, step for step, over its metadata; `tests/phone_oracle` compares the two. Refused on
//! purpose, though libphonenumber takes it:
//!
//! - extensions (`;ext=`, `x12`, `,,12`, and up to nine digits behind a `~`): a code can't go there, and to drop one is to guess;
//! - letters, also where they stand for digits (`1-800-FLOWERS`) or for a carrier (`0xx11`);
//! - `*` and `#`, which are dialling instructions, and anything else that is no part of a number, before or
//!   behind it; the parameters of `tel:` URIs, but for a `phone-context` that names a calling code;
//! - a number and something else, and two numbers: see `spelling.rs`.
//!
//! Taken on purpose, though libphonenumber refuses it: all white space, invisible signs and variation selectors as
//! separators, and the apostrophe of spreadsheets in front.
//!
//! Refused for another reason: the rare number whose E.164 form doesn't read as that number (in Belarus an 8 that begins
//! a national number is taken for the national prefix). It would be one recipient by one spelling and none, or
//! another recipient, by another.
//!
//! `table.rs` holds what countries could assign, as one automaton for the world, and the few patterns of prefixes;
//! `generate.py` makes it. Weighed in November 2026, wasmtime 50: numbers add some 70 KB to a stripped wasm module (50 of
//! them tables; as regular expressions the same sets take 76 KB of text), the first number of an instance takes
//! 5 to 7 µs more than a later one, and a later one 0.3 to 0.9 µs, long nonsense included. Nothing is built at start.
//! Of the tables, types and regions are some 6 KB, a third of it in the automaton.

mod metadata;
mod plan;
mod prefix;
mod spelling;
#[rustfmt::skip]
mod table;

use std::borrow::Cow;

use countersign_contract::settings::NumberType;
use countersign_contract::types::RecipientFault;

use self::metadata::{CallingCode, Plan};
use super::rules::Rules;

pub(super) use self::table::METADATA_VERSION;

/// The longest text that libphonenumber reads, in characters.
const MAX_CHARACTERS: usize = 250;
/// National numbers have this many digits at least.
const MIN_NATIONAL_DIGITS: usize = 2;
/// ITU says 15; Germany has longer ones.
const MAX_NATIONAL_DIGITS: usize = 17;
/// Of each of two numbers in one text.
const MIN_WHOLE_DIGITS: usize = 7;
/// As many as E.164 has.
const MAX_PREFIX_DIGITS: usize = 15;

/// A number that its country could assign.
pub(super) struct Number {
    /// `+`, the country calling code and the national number.
    pub(super) e164: String,
    /// How many of the digits are the country calling code: 1 to 3.
    pub(super) calling_code_digits: usize,
    /// Where it belongs to, if that is known.
    pub(super) region: Option<&'static str>,
    /// What it is, if it isn't an ordinary number.
    pub(super) number_type: Option<NumberType>,
}

impl Number {
    fn national_digits(&self) -> usize {
        self.e164.len().saturating_sub(1 + self.calling_code_digits)
    }
}

/// A country calling code, and what stood behind it.
type International<'a> = (&'static CallingCode, Cow<'a, str>);

/// Whether the text is spelled as a phone number is.
pub(super) fn looks_like_one(text: &str) -> bool {
    spelling::read(text).is_ok()
}

/// Whether there is a numbering plan of this name.
pub(super) fn is_region(name: &str) -> bool {
    Plan::of_region(name).is_some()
}

/// Whether the text is a plus sign and the first digits of international numbers.
pub(super) fn is_prefix(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (1..=MAX_PREFIX_DIGITS).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && CallingCode::split(digits).is_some()
    })
}

/// Reads a number in any spelling. Two numbers are none, also where their digits, joined, would be one: on either side of
/// the only slash, a whole one and another that begins anew (`030 12345 030 12346`), or one and what may stand in place of
/// its end (`030 12345/12346`, `030/901820/21`). Nor is a number with decimals.
pub(super) fn parse(text: &str, rules: &Rules<'_>) -> Result<Number, RecipientFault> {
    let number = parse_one(text, rules)?;
    let (text, context) = spelling::split(text);
    let read = |part: &str, region: Option<&str>| {
        parse_one(&spelling::join(part, context), &Rules { default_region: region, ..*rules })
    };
    let is_number = |part: &str| read(part, rules.default_region).is_ok();
    let are_both = |(first, second)| is_number(first) && is_number(second);
    // Germany and Austria have numbers so short that the groups of a longer one could be two of them.
    let is_whole = |part: &str, region: Option<&str>| {
        read(part, region).is_ok_and(|number| number.national_digits() >= MIN_WHOLE_DIGITS)
    };
    let begins_anew = |second: &str| {
        let digits = spelling::read(second).map(|spelled| spelled.digits).unwrap_or_default();
        [rules.default_region, number.region].into_iter().flatten().any(|region| {
            let plan = Plan::of_region(region);
            plan.is_some_and(|plan| plan.after_national_prefix(&digits).len() < digits.len())
                && is_whole(second, Some(region))
        })
    };
    let follows = |(first, second): (&str, &str)| {
        begins_anew(second) && is_whole(first, rules.default_region)
    };
    if spelling::around_only_slash(text).is_some_and(are_both)
        || spelling::before_groups(text).any(follows)
        || spelling::before_alternatives(text).any(is_number)
        || spelling::before_decimals(text).is_some_and(is_number)
    {
        return Err(RecipientFault::MalformedNumber);
    }
    Ok(number)
}

fn parse_one(text: &str, rules: &Rules<'_>) -> Result<Number, RecipientFault> {
    if text.chars().count() > MAX_CHARACTERS {
        return Err(RecipientFault::TooLong);
    }
    let spelled = spelling::read(text)?;
    let region = rules.default_region.and_then(Plan::of_region);
    let (plan, national) = if spelled.plus {
        let (code, rest) = after_plus(&spelled.digits, region)?;
        (code.main_plan, rest)
    } else {
        let region = region.ok_or(RecipientFault::Ambiguous)?;
        match without_plus(&spelled.digits, region)? {
            Some((code, rest)) => (code.main_plan, rest),
            None => (region, Cow::Borrowed(spelled.digits.as_str())),
        }
    };
    let national = without_national_prefix(&national, plan);
    let code = plan.calling_code;
    let e164 = format!("+{}{national}", code.digits);
    let is_new = || {
        code.main_plan.is_possible(&national)
            && rules.new_prefixes.iter().any(|prefix| e164.starts_with(prefix.as_str()))
    };
    let assignable = (MIN_NATIONAL_DIGITS..=MAX_NATIONAL_DIGITS).contains(&national.len())
        && (code.may_assign(&national) || is_new())
        && without_national_prefix(&national, code.main_plan) == national;
    if !assignable {
        return Err(RecipientFault::UnassignableNumber);
    }
    Ok(Number {
        calling_code_digits: code.digits.len(),
        region: code.region_of(&national),
        number_type: code.type_of(&national),
        e164,
    })
}

/// Reads what stands behind a plus sign. Where that is no calling code, the sign may be too much, as in `+00 62 …`.
fn after_plus<'a>(
    digits: &'a str,
    region: Option<&'static Plan>,
) -> Result<International<'a>, RecipientFault> {
    if digits.len() <= MIN_NATIONAL_DIGITS {
        return Err(RecipientFault::UnassignableNumber);
    }
    if let Some((code, rest)) = CallingCode::split(digits) {
        return Ok((code, Cow::Borrowed(rest)));
    }
    let found = region.map_or(Ok(None), |region| without_plus(digits, region))?;
    found.ok_or(RecipientFault::UnassignableNumber)
}

/// Finds the calling code of a number without a plus sign: behind the international prefix of the region, or the
/// region's own code where the number makes sense only without it.
fn without_plus<'a>(
    digits: &'a str,
    region: &'static Plan,
) -> Result<Option<International<'a>>, RecipientFault> {
    if let Some(rest) = region.after_international_prefix(digits) {
        let found = if rest.len() > MIN_NATIONAL_DIGITS { CallingCode::split(rest) } else { None };
        let (code, rest) = found.ok_or(RecipientFault::UnassignableNumber)?;
        return Ok(Some((code, Cow::Borrowed(rest))));
    }
    let Some(rest) = digits.strip_prefix(region.calling_code.digits) else {
        return Ok(None);
    };
    let rest = region.after_national_prefix(rest);
    let better = !region.describes(digits) && region.describes(&rest);
    Ok((better || region.is_too_long(digits)).then_some((region.calling_code, rest)))
}

/// Takes the national prefix away, unless what is left has no length of the plan's: then it was none.
fn without_national_prefix<'a>(national: &'a str, plan: &'static Plan) -> Cow<'a, str> {
    let stripped = plan.after_national_prefix(national);
    if plan.is_possible(&stripped) || plan.is_too_long(&stripped) {
        stripped
    } else {
        Cow::Borrowed(national)
    }
}
