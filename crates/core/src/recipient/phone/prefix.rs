//! The patterns of prefixes, matched at the start of a number by backtracking.
//!
//! `generate.py` turns the regular expressions of the metadata into programs, so that there is nothing to compile and
//! to keep. A program is a list of branches, each of them two bytes of length (little-endian) and a list of items; the
//! first branch that leads to a match wins, as in Python and Java. An item begins with its fewest and most
//! repetitions, four bits each, and goes on with
//!
//! - a set of digits: two bytes, big-endian, bit n is the digit n;
//! - or `0x40 0`: the end of the number;
//! - or `0x80`, the number of the group that it captures or 0, two bytes of length (little-endian), a list of branches.

use std::ops::Range;

/// The groups that a pattern may capture.
const MAX_GROUPS: usize = 2;

/// Where a pattern matched.
pub(super) struct Found<'a> {
    /// What follows the match.
    pub(super) rest: &'a str,
    groups: [Option<&'a str>; MAX_GROUPS],
}

impl<'a> Found<'a> {
    /// The text of a group, counted from 1, if it took part.
    pub(super) fn group(&self, number: usize) -> Option<&'a str> {
        *self.groups.get(number.checked_sub(1)?)?
    }
}

/// Matches a program at the start of the digits.
pub(super) fn find<'a>(program: &[u8], digits: &'a str) -> Option<Found<'a>> {
    let mut search = Search { digits: digits.as_bytes(), groups: [const { None }; MAX_GROUPS] };
    let mut end = None;
    search.branches(program, 0, &mut |_, at| {
        end = Some(at);
        true
    });
    let groups = search.groups.map(|group| digits.get(group?));
    Some(Found { rest: digits.get(end?..)?, groups })
}

struct Search<'a> {
    digits: &'a [u8],
    groups: [Option<Range<usize>>; MAX_GROUPS],
}

/// What has to match behind the part at hand, from a place in the digits on.
type Next<'n, 'a> = &'n mut dyn FnMut(&mut Search<'a>, usize) -> bool;

#[derive(Clone, Copy)]
enum Item<'p> {
    Digits(u16),
    End,
    Group { capture: u8, branches: &'p [u8] },
}

impl<'a> Search<'a> {
    fn branches(&mut self, mut list: &[u8], at: usize, next: Next<'_, 'a>) -> bool {
        while let Some((branch, others)) = split_measured(list) {
            if self.sequence(branch, at, next) {
                return true;
            }
            list = others;
        }
        false
    }

    fn sequence(&mut self, items: &[u8], at: usize, next: Next<'_, 'a>) -> bool {
        match read_item(items) {
            Some((times, item, rest)) => {
                self.repeat(item, times, at, &mut |search, at| search.sequence(rest, at, next))
            }
            None => next(self, at),
        }
    }

    fn repeat(
        &mut self,
        item: Item<'_>,
        (low, high): (u8, u8),
        at: usize,
        next: Next<'_, 'a>,
    ) -> bool {
        let left = (low.saturating_sub(1), high.saturating_sub(1));
        let more =
            high > 0 && self.item(item, at, &mut |search, at| search.repeat(item, left, at, next));
        more || (low == 0 && next(self, at))
    }

    fn item(&mut self, item: Item<'_>, at: usize, next: Next<'_, 'a>) -> bool {
        match item {
            Item::Digits(set) => {
                let digit = self.digits.get(at).map_or(u8::MAX, |digit| digit.wrapping_sub(b'0'));
                digit < 10 && set >> digit & 1 == 1 && next(self, at + 1)
            }
            Item::End => at == self.digits.len() && next(self, at),
            Item::Group { capture: 0, branches } => self.branches(branches, at, next),
            Item::Group { capture, branches } => self.branches(branches, at, &mut |search, end| {
                let before = search.capture(capture, Some(at..end));
                let matched = next(search, end);
                if !matched {
                    search.capture(capture, before);
                }
                matched
            }),
        }
    }

    /// Sets what a group holds; gives back what it held.
    fn capture(&mut self, number: u8, held: Option<Range<usize>>) -> Option<Range<usize>> {
        let group = usize::from(number).checked_sub(1).and_then(|at| self.groups.get_mut(at))?;
        std::mem::replace(group, held)
    }
}

/// Splits off what follows a length of two bytes.
fn split_measured(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

/// Splits off one item and how often it may stand.
fn read_item(items: &[u8]) -> Option<((u8, u8), Item<'_>, &[u8])> {
    let ([times, kind, low], rest) = items.split_first_chunk()?;
    let (item, rest) = match kind {
        0x80 => {
            let (branches, rest) = split_measured(rest)?;
            (Item::Group { capture: *low, branches }, rest)
        }
        0x40 => (Item::End, rest),
        _ => (Item::Digits(u16::from_be_bytes([*kind, *low])), rest),
    };
    Some(((times >> 4, times & 0x0f), item, rest))
}
