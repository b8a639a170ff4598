//! Numbering plans, and the automaton that knows which numbers they hold.
//!
//! A state begins with a byte: bits 0 to 3 count its edges, bit 4 says that a number may end here, bit 5 that the last
//! edge leads to the state written next. An edge is a set of digits and the place of the state it
//! leads to (two bytes, little-endian; none where bit 5 said so). The set is one byte below 128, which names one of
//! `DIGIT_SETS`, or two bytes, big-endian, whose ten low bits are the set. State 0 has no edges.

use std::borrow::Cow;

use countersign_contract::settings::NumberType;

use super::metadata::{CallingCode, Plan, Transform};
use super::prefix;
use super::table::{CALLING_CODES, DIGIT_SETS, PREFIXES, REGIONS, SHARED_CODES, STATES};

/// The longest country calling code, in digits.
const MAX_CALLING_CODE_DIGITS: usize = 3;

impl CallingCode {
    /// Splits a number into its calling code and the rest.
    pub(super) fn split(digits: &str) -> Option<(&'static Self, &str)> {
        (1..=MAX_CALLING_CODE_DIGITS).find_map(|length| {
            let (code, rest) = digits.split_at_checked(length)?;
            let found = CALLING_CODES.binary_search_by(|known| known.digits.cmp(code)).ok()?;
            Some((CALLING_CODES.get(found)?, rest))
        })
    }

    /// Whether one of the regions of this code could assign the national number.
    pub(super) fn may_assign(&self, national: &str) -> bool {
        accepts(self.assignable, national)
    }

    /// The type of the national number; nothing for an ordinary one.
    pub(super) fn type_of(&self, national: &str) -> Option<NumberType> {
        let types = NumberType::ALL.into_iter().zip(self.types);
        types.into_iter().find(|(_, start)| accepts(*start, national)).map(|(kind, _)| kind)
    }

    /// The region of the national number; nothing where it belongs to none, or where none of several regions that
    /// share the code is known to assign it.
    pub(super) fn region_of(&self, national: &str) -> Option<&'static str> {
        let mut sharing =
            SHARED_CODES.iter().filter(|(digits, ..)| *digits == self.digits).peekable();
        if sharing.peek().is_some() && !self.may_assign(national) {
            return None;
        }
        let other = sharing.find(|(.., start)| accepts(*start, national));
        let region = other.map_or(self.main_region, |(_, region, _)| region);
        (!region.is_empty()).then_some(region)
    }
}

impl Plan {
    /// The plan of a region, by the two capital letters of its name.
    pub(super) fn of_region(name: &str) -> Option<&'static Self> {
        let found = REGIONS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        REGIONS.get(found).map(|(_, plan)| *plan)
    }

    /// What follows the international prefix. No calling code begins with 0, so before a 0 it was none.
    pub(super) fn after_international_prefix<'a>(&self, digits: &'a str) -> Option<&'a str> {
        let found = prefix::find(program(self.international_prefix), digits)?;
        (!found.rest.starts_with('0')).then_some(found.rest)
    }

    /// The number without its national prefix. A prefix stays where only with it the number fits the plan.
    pub(super) fn after_national_prefix<'a>(&self, national: &'a str) -> Cow<'a, str> {
        let Some(found) = prefix::find(program(self.national_prefix), national) else {
            return Cow::Borrowed(national);
        };
        let transformed = self.transform.and_then(|Transform { digits, group }| {
            found.group(*group).map(|kept| Cow::Owned(format!("{digits}{kept}{}", found.rest)))
        });
        let stripped = transformed.unwrap_or(Cow::Borrowed(found.rest));
        if self.describes(national) && !self.describes(&stripped) {
            Cow::Borrowed(national)
        } else {
            stripped
        }
    }

    /// Whether the number fits the plan's general description.
    pub(super) fn describes(&self, national: &str) -> bool {
        accepts(self.general, national)
    }

    /// Whether the plan has numbers of this length, to be dialled from anywhere.
    pub(super) fn is_possible(&self, national: &str) -> bool {
        holds(self.lengths, national.len())
    }

    /// Whether all numbers of the plan are shorter.
    pub(super) fn is_too_long(&self, national: &str) -> bool {
        let longest = self.lengths.checked_ilog2().unwrap_or_default() as usize;
        national.len() > longest && !holds(self.local_lengths, national.len())
    }
}

fn program(prefix: u8) -> &'static [u8] {
    PREFIXES.get(usize::from(prefix)).copied().unwrap_or_default()
}

fn holds(lengths: u32, length: usize) -> bool {
    length < 32 && lengths >> length & 1 == 1
}

/// Whether the digits lead from a state to one where a number may end.
fn accepts(start: u16, digits: &str) -> bool {
    let end =
        digits.bytes().try_fold(usize::from(start), |at, digit| step(at, digit.wrapping_sub(b'0')));
    end.and_then(|at| STATES.get(at)).is_some_and(|head| head & 0x10 != 0)
}

/// The state that a digit leads to.
fn step(at: usize, digit: u8) -> Option<usize> {
    let head = *STATES.get(at)?;
    let mut cursor = at + 1;
    for left in (0..head & 0x0f).rev() {
        let first = *STATES.get(cursor)?;
        let set = if first < 0x80 {
            *DIGIT_SETS.get(usize::from(first))?
        } else {
            cursor += 1;
            u16::from_be_bytes([first, *STATES.get(cursor)?])
        };
        cursor += 1;
        let next_follows = left == 0 && head & 0x20 != 0;
        if set >> digit & 1 == 1 {
            if next_follows {
                return Some(cursor);
            }
            return Some(usize::from(u16::from_le_bytes([
                *STATES.get(cursor)?,
                *STATES.get(cursor + 1)?,
            ])));
        }
        cursor += 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_than_all_numbers_of_a_plan_is_too_long() {
        let us = Plan::of_region("US").unwrap();
        assert!(us.is_too_long("16502530000"));
        for digits in ["6502530000", "2530000", "650"] {
            assert!(!us.is_too_long(digits), "{digits}");
        }
        let singapore = Plan::of_region("SG").unwrap();
        assert!(!singapore.is_too_long("81234567890"));
        assert!(singapore.is_too_long("812345678901"));
    }
}
