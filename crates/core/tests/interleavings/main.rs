//! Every interleaving of small cases of the real core.
//!
//! Three clients call [`Engine`](countersign_core::Engine) over one store. A step is **one store operation** (a batch
//! is no transaction, so operations of different clients come between one another) or **one send**. Every order of
//! all clients' steps is explored: nothing is sampled, no depth is cut off. Where a case says so, so is every place
//! at which one batch can fail (having been carried out up to any of its operations, from none to all), or one send
//! can fail, or the clock can jump. At most one failure and one jump happen in a schedule.
//!
//! # Why remembering states leaves nothing out
//!
//! A client is deterministic: the clock and its randomness are arguments, so what it does next is a function of what
//! it was told. The future of a schedule is thus a function of (what the store holds, what each client was told, what
//! of its batch has been carried out, the clock, the failures left), and which call finished before which. A state with
//! the same of all these is visited once. States are told apart by 128 bits of digest. Each schedule is finite, so
//! this ends.
//!
//! Crashes are covered by the same search as far as they are states: every prefix of every schedule is a state.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod client;
#[cfg(test)]
mod explorer;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod store;
