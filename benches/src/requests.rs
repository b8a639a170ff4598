//! What callers ask of an engine, wherever it is measured.

use countersign_contract::otp::{Addressee, IssueRequest, Target, VerifyRequest};
use countersign_contract::types::Channel;
use countersign_contract::{Pii, Secret};

use crate::setting::{Purpose, TENANT};

/// A code for a phone number.
pub(crate) fn issue(purpose: Purpose, to: &str) -> IssueRequest {
    IssueRequest {
        tenant: TENANT.into(),
        purpose: purpose.name().into(),
        channel: Some(Channel::Sms),
        to: Pii::new(to.into()),
        reference: None,
        locale: None,
        client_ip: Some("127.0.0.1".into()),
        device_cookie: None,
    }
}

/// An answer to a challenge.
pub(crate) fn verify(id: &str, code: &str) -> VerifyRequest {
    VerifyRequest {
        tenant: TENANT.into(),
        target: Target::Id(id.into()),
        purpose: None,
        to: None,
        code: Secret::new(code.into()),
        reference: None,
        client_ip: Some("127.0.0.1".into()),
    }
}

/// A recipient of a purpose.
pub(crate) fn addressee(purpose: Purpose, to: &str) -> Addressee {
    Addressee { purpose: purpose.name().into(), to: Pii::new(to.into()), device_cookie: None }
}
