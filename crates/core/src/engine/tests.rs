//! What `docs` calls the invariants, one by one; and what `wit/otp.wit` promises of each verb.

mod caller;
mod test_world;

mod attackers;
mod attempts;
mod budget;
mod channels;
mod cooldown;
mod deliveries;
mod devices;
mod ends;
mod faults;
mod limits;
mod locks;
mod lost;
mod operators;
mod rivals;
mod rotation;
mod secrets;
mod sends;
mod strangers;
mod two_stores;
