//! What `docs` calls the invariants, one by one; and what `wit/otp.wit` promises of each verb.

mod caller;
mod desk;

mod attempts;
mod budget;
mod cooldown;
mod ends;
mod faults;
mod limits;
mod locks;
mod rotation;
mod secrets;
mod sends;
