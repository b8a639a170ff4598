//! The engine of this composition, as the HTTP surface wants it: one call of the import each.

use countersign_http_api::otp::{
    Addressee, Challenge, DeliveryOutcome, Error, Failure, IssueRequest, Otp, Report,
    ResendRequest, Target, Verified, VerifyRequest,
};

use crate::bindings::countersign::otp::otp;

countersign_http_api::contract!(
    crate::bindings::countersign::otp::types,
    crate::bindings::countersign::otp::otp,
);

/// The imported engine. Its calls are synchronous: none of these futures ever waits.
#[derive(Clone, Copy)]
pub(crate) struct Engine;

impl Otp for Engine {
    async fn issue(&self, request: IssueRequest) -> Result<Challenge, Failure> {
        otp::issue(&request.into()).map(Into::into).map_err(refused)
    }

    async fn verify(&self, request: VerifyRequest) -> Result<Verified, Failure> {
        otp::verify(&request.into()).map(Into::into).map_err(refused)
    }

    async fn resend(&self, request: ResendRequest) -> Result<Challenge, Failure> {
        otp::resend(&request.into()).map(Into::into).map_err(refused)
    }

    async fn revoke(&self, tenant: String, id: String) -> Result<(), Failure> {
        otp::revoke(&tenant, &id).map_err(refused)
    }

    async fn status(&self, tenant: String, target: Target) -> Result<Report, Failure> {
        otp::status(&tenant, &target.into()).map(Into::into).map_err(refused)
    }

    async fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Failure> {
        otp::record_delivery(&tenant, &id, send_number, outcome.into()).map_err(refused)
    }

    async fn unlock(&self, tenant: String, addressee: Addressee) -> Result<(), Failure> {
        otp::unlock(&tenant, &addressee.into()).map_err(refused)
    }
}

fn refused(error: otp::Error) -> Failure {
    Failure::Refused(Error::from(error))
}
