//! What operators are told.

use super::{Report, State};

/// What the key of a subject's challenges ends in.
pub const CHALLENGES_ENDING: &str = ":challenges";

/// Keys that `tally` takes at once.
pub const MAX_TALLIED_KEYS: usize = 32;

/// Purposes that `tally` tells apart.
pub const MAX_TALLIED_PURPOSES: usize = 256;

/// Where the clients of one kind stand with a recipient: its known devices, or all others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SideReport {
    /// Consecutive wrong codes of budgets that have ended.
    pub failures: u32,
    /// Seconds for which it is locked; 0 where it isn't.
    pub locked_for_seconds: u32,
    /// Whether it is disabled until an operator unlocks it.
    pub disabled: bool,
    /// Seconds of cooldown that are left until a code may be sent.
    pub cooldown_seconds: u32,
    /// Its challenges, the newest first, at most 3.
    pub challenges: Vec<Report>,
}

/// What `inspect` tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubjectReport {
    /// What the codes are for.
    pub purpose: String,
    /// The recipient, masked.
    pub masked_recipient: String,
    /// Where its known devices stand.
    pub known_devices: SideReport,
    /// Where all other clients stand.
    pub other_clients: SideReport,
}

/// How many challenges of a purpose stand where.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PurposeTally {
    /// What they are for. Absent: none of the purposes that were asked for.
    pub purpose: Option<String>,
    /// All attempts are spent.
    pub exhausted: u32,
    /// Their time is over.
    pub expired: u32,
    /// Waiting for their codes.
    pub pending: u32,
    /// Taken back.
    pub revoked: u32,
    /// Answered.
    pub verified: u32,
}

impl PurposeTally {
    /// Counts one more.
    pub const fn add(&mut self, state: State) {
        let count = match state {
            State::Exhausted => &mut self.exhausted,
            State::Expired => &mut self.expired,
            State::Pending => &mut self.pending,
            State::Revoked => &mut self.revoked,
            State::Verified => &mut self.verified,
        };
        *count = count.saturating_add(1);
    }
}
