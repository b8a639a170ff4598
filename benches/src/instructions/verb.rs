//! What is counted: the rows of the table.

/// A call of the engine that the table has a row for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Verb {
    /// `issue`.
    Issue,
    /// `verify` with a code that is compared and refused.
    Wrong,
    /// `verify` with the code that was sent.
    Right,
    /// `resend`.
    Resend,
    /// `status` of a challenge's id.
    StatusById,
    /// `status` of a recipient.
    StatusByRecipient,
    /// `record-delivery` of news.
    RecordDelivery,
    /// `revoke`.
    Revoke,
    /// `unlock`.
    Unlock,
}

impl Verb {
    /// All, in the order of the table.
    pub(super) const ALL: [Self; 9] = [
        Self::Issue,
        Self::Wrong,
        Self::Right,
        Self::Resend,
        Self::StatusById,
        Self::StatusByRecipient,
        Self::RecordDelivery,
        Self::Revoke,
        Self::Unlock,
    ];

    /// Its name in the table.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Wrong => "wrong verify",
            Self::Right => "right verify",
            Self::Resend => "resend",
            Self::StatusById => "status by id",
            Self::StatusByRecipient => "status by recipient",
            Self::RecordDelivery => "record-delivery",
            Self::Revoke => "revoke",
            Self::Unlock => "unlock",
        }
    }

    /// The verb of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }
}
