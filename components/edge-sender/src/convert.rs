//! From the contract's types to the providers' and back.

countersign_providers::contract!(
    crate::bindings::countersign::otp::types,
    crate::bindings::exports::countersign::otp::sender,
);
