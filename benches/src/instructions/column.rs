//! How it is counted: the columns of the table.

/// One way to count.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Column {
    /// The guest's instructions, without limits.
    GuestPlain,
    /// The guest's instructions, with limits.
    GuestLimited,
    /// Those of a new instance, without limits.
    NewPlain,
    /// Those of a new instance, with limits.
    NewLimited,
    /// The processor's instructions for a call, without limits.
    CallPlain,
    /// The processor's instructions for a call, with limits.
    CallLimited,
    /// The processor's instructions for a request, but for the call.
    Http,
}

impl Column {
    /// All, in the order of the table.
    pub(super) const ALL: [Self; 7] = [
        Self::GuestPlain,
        Self::GuestLimited,
        Self::NewPlain,
        Self::NewLimited,
        Self::CallPlain,
        Self::CallLimited,
        Self::Http,
    ];

    /// Its name in the table.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GuestPlain => "guest, plain",
            Self::GuestLimited => "guest, limited",
            Self::NewPlain => "new, plain",
            Self::NewLimited => "new, limited",
            Self::CallPlain => "call, plain",
            Self::CallLimited => "call, limited",
            Self::Http => "HTTP",
        }
    }

    /// The column of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// Whether its figures depend on the machine's libraries and on valgrind.
    pub(super) const fn is_of_the_host(self) -> bool {
        matches!(self, Self::CallPlain | Self::CallLimited | Self::Http)
    }
}
