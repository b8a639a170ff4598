//! From the contract's types to the providers' and back.

countersign_providers::contract!(
    crate::bindings::countersign::otp::types,
    crate::bindings::countersign::otp::sender,
);
