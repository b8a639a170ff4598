//! What the engine is told: the policies and the keys, in the words of the contract.

use std::collections::BTreeMap;
use std::fmt;

use countersign_contract::settings::Policy;
use zeroize::Zeroize;

use crate::bindings::countersign::otp::settings;

/// The policies and the keys. Its `Debug` names the purposes and shows no key.
pub struct Rules {
    /// Policies by tenant and purpose.
    pub policies: BTreeMap<(String, String), Policy>,
    /// The keys. Secret.
    pub keyring: settings::Keyring,
}

impl Rules {
    /// The purposes that a tenant has, in their order.
    pub fn purposes<'a>(&'a self, tenant: &'a str) -> impl Iterator<Item = &'a str> {
        self.policies
            .range((tenant.to_owned(), String::new())..)
            .take_while(move |((of, _), _)| of == tenant)
            .map(|((_, purpose), _)| purpose.as_str())
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rules")
            .field("purposes", &self.policies.keys())
            .finish_non_exhaustive()
    }
}

// The component is given a copy with each call.
impl Drop for settings::Keyring {
    fn drop(&mut self) {
        self.index.zeroize();
    }
}

impl Drop for settings::Key {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}
