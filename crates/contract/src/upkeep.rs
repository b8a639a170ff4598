//! `wit/upkeep.wit`: what keeps a store small.

/// What one step of sweeping did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Keys looked at.
    pub examined: u32,
    /// Keys removed.
    pub removed: u32,
    /// Whether there is more to do now.
    pub more: bool,
}
