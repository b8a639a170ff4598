//! The rows of `table.rs`: what libphonenumber's metadata says of calling codes and numbering plans.

/// A country calling code. Several regions may share one.
pub(super) struct CallingCode {
    /// Its digits, 1 to 3.
    pub(super) digits: &'static str,
    /// The plan of the region that speaks for all that share the code.
    pub(super) main_plan: &'static Plan,
    /// That region; empty where the code belongs to none.
    pub(super) main_region: &'static str,
    /// Where in `STATES` the numbers begin that any of its regions could assign.
    pub(super) assignable: u16,
    /// The same for those of each type, in the order of `NumberType::ALL`.
    pub(super) types: [u16; 3],
}

/// What numbers look like in one region, or under one calling code that belongs to none.
pub(super) struct Plan {
    /// Its country calling code.
    pub(super) calling_code: &'static CallingCode,
    /// What is dialled before a number abroad: which of `PREFIXES`.
    pub(super) international_prefix: u8,
    /// What may be dialled before a national number: which of `PREFIXES`.
    pub(super) national_prefix: u8,
    /// What takes the place of a national prefix that captured something.
    pub(super) transform: Option<&'static Transform>,
    /// Where in `STATES` the plan's general description begins.
    pub(super) general: u16,
    /// The lengths of its national numbers: bit n is n digits.
    pub(super) lengths: u32,
    /// The lengths of numbers that can be dialled within an area only: bit n is n digits.
    pub(super) local_lengths: u32,
}

/// What is written in place of a national prefix.
pub(super) struct Transform {
    /// These digits,
    pub(super) digits: &'static str,
    /// then the prefix's group of this number, counted from 1: its last.
    pub(super) group: usize,
}
