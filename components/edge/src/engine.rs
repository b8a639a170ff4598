//! The engine of this composition, as the HTTP surface wants it: one call of the import each.

use std::sync::Arc;

use countersign_contract::Translate;
use countersign_contract::otp::{
    Addressee, Challenge, IssueRequest, Report, ResendRequest, SubjectReport, Target, Verified,
    VerifyRequest,
};
use countersign_contract::types::DeliveryOutcome;
use countersign_http_api::otp::{Failure, Otp};

use crate::bindings::countersign::otp::configuration::PurposeName;
use crate::bindings::countersign::otp::otp;

countersign_contract::types!(crate::bindings::countersign::otp::types);
countersign_contract::otp!(crate::bindings::countersign::otp::otp);

/// The imported engine. Its calls are synchronous: none of these futures ever waits.
#[derive(Clone)]
pub(crate) struct Engine {
    /// Every purpose there is.
    pub(crate) purposes: Arc<Vec<PurposeName>>,
}

impl Otp for Engine {
    async fn issue(&self, request: IssueRequest) -> Result<Challenge, Failure> {
        otp::issue(&request.translate()).translate().map_err(Failure::Refused)
    }

    async fn verify(&self, request: VerifyRequest) -> Result<Verified, Failure> {
        otp::verify(&request.translate()).translate().map_err(Failure::Refused)
    }

    async fn resend(&self, request: ResendRequest) -> Result<Challenge, Failure> {
        otp::resend(&request.translate()).translate().map_err(Failure::Refused)
    }

    async fn revoke(&self, tenant: String, id: String) -> Result<(), Failure> {
        otp::revoke(&tenant, &id).translate().map_err(Failure::Refused)
    }

    async fn status(&self, tenant: String, target: Target) -> Result<Report, Failure> {
        otp::status(&tenant, &target.translate()).translate().map_err(Failure::Refused)
    }

    async fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Failure> {
        otp::record_delivery(&tenant, &id, send_number, outcome.translate())
            .translate()
            .map_err(Failure::Refused)
    }

    async fn inspect(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> Result<SubjectReport, Failure> {
        otp::inspect(&tenant, &addressee.translate()).translate().map_err(Failure::Refused)
    }

    fn purposes(&self, tenant: &str) -> Vec<String> {
        let own = self.purposes.iter().filter(|name| name.tenant == tenant);
        own.map(|name| name.purpose.clone()).collect()
    }

    async fn unlock(&self, tenant: String, addressee: Addressee) -> Result<(), Failure> {
        otp::unlock(&tenant, &addressee.translate()).translate().map_err(Failure::Refused)
    }
}
