//! Which phone numbers a purpose sends to: by their type, their region, and their newness.

use countersign_contract::settings::RegionRule;
use countersign_contract::types::{Channel, RecipientFault};

use super::{Policy, PolicyFaults, has_twice};
use crate::recipient::{self, Kind, Recipient, Rules};

/// The most entries of one list.
const MAX_ENTRIES: usize = 300;
/// The most prefixes of numbers that are newer than the metadata.
const MAX_NEW_PREFIXES: usize = 64;

/// An entry is a region, as the two capital letters of ISO 3166, or a plus sign and the first digits of international
/// numbers. A mail address belongs to no region and is always allowed.
fn allows(rule: &RegionRule, recipient: &Recipient) -> bool {
    let is_listed = |list: &[String]| list.iter().any(|entry| matches(entry, recipient));
    (rule.allow.is_empty() || is_listed(&rule.allow)) && !is_listed(&rule.deny)
}

fn matches(entry: &str, recipient: &Recipient) -> bool {
    if entry.starts_with('+') {
        recipient.as_str().starts_with(entry)
    } else {
        recipient.region() == Some(entry)
    }
}

impl Policy {
    /// Entries of its lists: what makes one policy larger than another.
    #[must_use]
    pub fn entries(&self) -> usize {
        let regions = self.regions.iter().map(|rule| rule.allow.len() + rule.deny.len());
        self.new_prefixes.len() + regions.sum::<usize>()
    }

    /// Reads a recipient as this policy has it: `kind` is what all of its channels take.
    pub(crate) fn recipient(
        &self,
        text: &str,
        kind: Option<Kind>,
    ) -> Result<Recipient, RecipientFault> {
        let rules = Rules {
            default_region: self.default_region.as_deref(),
            number_types: &self.number_types,
            new_prefixes: &self.new_prefixes,
        };
        recipient::parse_under(text, kind, &rules)
    }

    /// Whether the channel may be used for the recipient: it takes recipients of that kind, in that region.
    ///
    /// # Errors
    ///
    /// `WrongKind`, or `NumberNotAllowed`.
    pub(crate) fn refuse_channel(
        &self,
        recipient: &Recipient,
        channel: Channel,
    ) -> Result<(), RecipientFault> {
        if recipient::kind_of(channel).is_some_and(|kind| kind != recipient.kind()) {
            return Err(RecipientFault::WrongKind);
        }
        let holds = |rule: &&RegionRule| rule.channel.is_none_or(|named| named == channel);
        let is_allowed = recipient.kind() == Kind::Email
            || self.regions.iter().filter(holds).all(|rule| allows(rule, recipient));
        if is_allowed { Ok(()) } else { Err(RecipientFault::NumberNotAllowed) }
    }

    pub(super) fn refuse_bad_numbers(&self, faults: &mut PolicyFaults) {
        if has_twice(&self.number_types) {
            faults.add("number_types", "names each type once");
        }
        if self.new_prefixes.len() > MAX_NEW_PREFIXES {
            faults.add("new_prefixes", "holds at most 64 prefixes");
        }
        if !self.new_prefixes.iter().all(|prefix| recipient::is_number_prefix(prefix)) {
            faults.add("new_prefixes", PREFIX);
        }
        let channels: Vec<_> = self.regions.iter().map(|rule| rule.channel).collect();
        if has_twice(&channels) {
            faults.add("regions", "has one rule for every channel, and one for each channel");
        }
        if channels.into_iter().flatten().any(|channel| !self.channels.contains(&channel)) {
            faults.add("regions.channel", "is one of the purpose's channels");
        }
        for rule in &self.regions {
            for (field, list) in [("regions.allow", &rule.allow), ("regions.deny", &rule.deny)] {
                if list.len() > MAX_ENTRIES {
                    faults.add(field, "holds at most 300 entries");
                }
                let is_known = |entry: &String| {
                    recipient::is_region(entry) || recipient::is_number_prefix(entry)
                };
                if !list.iter().all(is_known) {
                    faults.add(field, ENTRY);
                }
            }
        }
    }
}

const PREFIX: &str = "holds beginnings of international numbers: a plus sign and at most 15 digits, a country calling code first";
const ENTRY: &str = "holds countries with phone numbers, as ISO 3166-1 alpha-2 codes in capitals, and beginnings of \
                     international numbers, such as +62";

#[cfg(test)]
mod tests;
