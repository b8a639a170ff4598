//! The counted component's functions, as the script calls them.

use countersign_contract::Translate;
use countersign_contract::otp::{
    Addressee, Challenge, IssueRequest, Report, ResendRequest, SubjectReport, Target, Verified,
    VerifyRequest,
};
use countersign_contract::types::DeliveryOutcome;
use countersign_http_api::otp::{Failure, Otp};

use super::{Guest, Instance};

impl Otp for Guest {
    async fn issue(&self, request: IssueRequest) -> Result<Challenge, Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let request = request.translate();
        let answer = exports.countersign_otp_otp().call_issue(store, &request).await;
        self.settle(instance, answer)
    }

    async fn verify(&self, request: VerifyRequest) -> Result<Verified, Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let request = request.translate();
        let answer = exports.countersign_otp_otp().call_verify(store, &request).await;
        self.settle(instance, answer)
    }

    async fn resend(&self, request: ResendRequest) -> Result<Challenge, Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let request = request.translate();
        let answer = exports.countersign_otp_otp().call_resend(store, &request).await;
        self.settle(instance, answer)
    }

    async fn revoke(&self, tenant: String, id: String) -> Result<(), Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let answer = exports.countersign_otp_otp().call_revoke(store, &tenant, &id).await;
        self.settle(instance, answer)
    }

    async fn status(&self, tenant: String, target: Target) -> Result<Report, Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let target = target.translate();
        let answer = exports.countersign_otp_otp().call_status(store, &tenant, &target).await;
        self.settle(instance, answer)
    }

    async fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let outcome = outcome.translate();
        let otp = exports.countersign_otp_otp();
        let answer = otp.call_record_delivery(store, &tenant, &id, send_number, outcome).await;
        self.settle(instance, answer)
    }

    async fn inspect(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> Result<SubjectReport, Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let addressee = addressee.translate();
        let answer = exports.countersign_otp_otp().call_inspect(store, &tenant, &addressee).await;
        self.settle(instance, answer)
    }

    /// Nothing that is measured asks for them.
    fn purposes(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    async fn unlock(&self, tenant: String, addressee: Addressee) -> Result<(), Failure> {
        let mut instance = self.take().await?;
        let Instance { store, exports } = &mut instance;
        let addressee = addressee.translate();
        let answer = exports.countersign_otp_otp().call_unlock(store, &tenant, &addressee).await;
        self.settle(instance, answer)
    }
}
