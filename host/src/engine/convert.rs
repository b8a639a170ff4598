//! From the contract's types to the HTTP surface's and back.

countersign_http_api::contract!(
    crate::bindings::countersign::otp::types,
    crate::bindings::exports::countersign::otp::otp,
);
