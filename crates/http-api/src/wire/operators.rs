//! The JSON of answers to operators.

use countersign_contract::otp;
use serde::Serialize;

use super::answers::ReportView;
use crate::census::Counted;

/// The challenges of a recipient that wait for their codes.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = List))]
pub(crate) struct ListView<'a> {
    /// Those of its known devices.
    known_devices: Vec<ReportView<'a>>,
    /// Those of all other clients.
    other_clients: Vec<ReportView<'a>>,
}

impl<'a> ListView<'a> {
    pub(crate) fn new(
        known_devices: Vec<&'a otp::Report>,
        other_clients: Vec<&'a otp::Report>,
    ) -> Self {
        let views = |reports: Vec<&'a otp::Report>| reports.into_iter().map(Into::into).collect();
        Self { known_devices: views(known_devices), other_clients: views(other_clients) }
    }
}

/// Where a recipient stands.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Subject))]
pub(crate) struct SubjectView<'a> {
    /// What the codes are for.
    purpose: &'a str,
    /// The recipient, masked.
    to: &'a str,
    /// Where its known devices stand: clients that presented a device cookie.
    known_devices: SideView<'a>,
    /// Where all other clients stand.
    other_clients: SideView<'a>,
}

impl<'a> From<&'a otp::SubjectReport> for SubjectView<'a> {
    fn from(report: &'a otp::SubjectReport) -> Self {
        Self {
            purpose: &report.purpose,
            to: &report.masked_recipient,
            known_devices: (&report.known_devices).into(),
            other_clients: (&report.other_clients).into(),
        }
    }
}

/// Where the clients of one kind stand with a recipient. Known devices and other clients count apart.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Side))]
pub(crate) struct SideView<'a> {
    /// Consecutive wrong codes, once the attempts they belong to are used up or their challenge is over.
    failures: u32,
    /// Seconds for which it is locked; 0 if it is not.
    locked_for: u32,
    /// Whether it is disabled until an operator unlocks it.
    disabled: bool,
    /// Seconds of cooldown that are left until a code may be sent; 0 if there are none.
    cooldown: u32,
    /// Its challenges, the newest first: at most 3.
    challenges: Vec<ReportView<'a>>,
}

impl<'a> From<&'a otp::SideReport> for SideView<'a> {
    fn from(side: &'a otp::SideReport) -> Self {
        Self {
            failures: side.failures,
            locked_for: side.locked_for_seconds,
            disabled: side.disabled,
            cooldown: side.cooldown_seconds,
            challenges: side.challenges.iter().map(Into::into).collect(),
        }
    }
}

/// What a step of counting found.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Count))]
pub(crate) struct CountView<'a> {
    /// The counts of this step. Add them to those of the steps before.
    tallies: Vec<TallyView<'a>>,
    /// Where the next step begins. Absent after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    next: Option<&'a str>,
}

impl<'a> From<&'a Counted> for CountView<'a> {
    fn from(counted: &'a Counted) -> Self {
        Self {
            tallies: counted.tallies.iter().map(Into::into).collect(),
            next: counted.next.as_deref(),
        }
    }
}

/// How many challenges of a purpose stand where.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[cfg_attr(test, schema(as = Tally))]
pub(crate) struct TallyView<'a> {
    /// What they are for. Absent: purposes that are no longer configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    purpose: Option<&'a str>,
    /// All attempts are used up.
    exhausted: u32,
    /// Their time is over.
    expired: u32,
    /// Waiting for their codes.
    pending: u32,
    /// Taken back, or another challenge of the recipient was answered.
    revoked: u32,
    /// Answered.
    verified: u32,
}

impl<'a> From<&'a otp::PurposeTally> for TallyView<'a> {
    fn from(tally: &'a otp::PurposeTally) -> Self {
        Self {
            purpose: tally.purpose.as_deref(),
            exhausted: tally.exhausted,
            expired: tally.expired,
            pending: tally.pending,
            revoked: tally.revoked,
            verified: tally.verified,
        }
    }
}
