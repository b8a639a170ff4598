//! Between the contract's types, as some bindings generator made them, and those of this crate: field by field, nothing
//! decided. A macro, because each store has bindings of its own; their names are the contract's.

/// Implements the conversions for bindings of `countersign:otp/types`, `countersign:otp/store` and
/// `countersign:otp/upkeep`, whose modules are given.
#[macro_export]
macro_rules! contract {
    ($types:path, $store:path, $upkeep:path $(,)?) => {
        mod contract {
            use $store as store;
            use $types as types;
            use $upkeep as upkeep;

            impl From<store::Operation> for $crate::Operation {
                fn from(operation: store::Operation) -> Self {
                    match operation {
                        store::Operation::Delete(key) => Self::Delete(key),
                        store::Operation::Get(key) => Self::Get(key),
                        store::Operation::Increment(step) => Self::Increment {
                            key: step.key,
                            by: step.by,
                            ttl_seconds: step.ttl_seconds,
                        },
                        store::Operation::Set(set) => Self::Set {
                            key: set.key,
                            value: set.value,
                            ttl_seconds: set.ttl_seconds,
                        },
                    }
                }
            }

            impl From<$crate::Reply> for store::Reply {
                fn from(reply: $crate::Reply) -> Self {
                    match reply {
                        $crate::Reply::Count(count) => Self::Count(count),
                        $crate::Reply::Done => Self::Done,
                        $crate::Reply::Value(value) => Self::Value(value),
                    }
                }
            }

            impl From<$crate::Outcome> for store::Outcome {
                fn from(outcome: $crate::Outcome) -> Self {
                    let replies = outcome.replies.into_iter().map(Into::into).collect();
                    Self { replies, generation: outcome.generation }
                }
            }

            impl From<$crate::StoreError> for types::StoreError {
                fn from(error: $crate::StoreError) -> Self {
                    match error {
                        $crate::StoreError::Denied => Self::Denied,
                        $crate::StoreError::InvalidArgument => Self::InvalidArgument,
                        $crate::StoreError::Other(text) => Self::Other(text),
                        $crate::StoreError::Timeout => Self::Timeout,
                        $crate::StoreError::Unavailable => Self::Unavailable,
                    }
                }
            }

            impl From<$crate::Swept> for upkeep::Swept {
                fn from(swept: $crate::Swept) -> Self {
                    Self { examined: swept.examined, removed: swept.removed, more: swept.more }
                }
            }
        }
    };
}
