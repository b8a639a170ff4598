//! Which of a subject's two odometers counts the attempts of a budget.

/// Which of a subject's two odometers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Slot {
    /// That of budgets with an even nonce.
    Even,
    /// That of budgets with an odd nonce.
    Odd,
}

impl Slot {
    /// Both of them.
    pub(crate) const BOTH: [Self; 2] = [Self::Even, Self::Odd];

    /// The one whose turn is next.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Even => Self::Odd,
            Self::Odd => Self::Even,
        }
    }

    /// The bit that stands for it.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Even => 0,
            Self::Odd => 1,
        }
    }

    /// The one that a number's last bit stands for.
    pub(crate) const fn from_number(number: u8) -> Self {
        if number & 1 == 0 { Self::Even } else { Self::Odd }
    }
}
