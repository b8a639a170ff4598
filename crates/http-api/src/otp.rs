//! What the HTTP surface needs of an engine: the calls of `wit/otp.wit`.

use std::future::Future;

use countersign_contract::otp::{
    Addressee, Challenge, Error, IssueRequest, Report, ResendRequest, SubjectReport, Target,
    Verified, VerifyRequest,
};
use countersign_contract::types::DeliveryOutcome;

/// Issues and verifies one-time codes. Implemented by the host over pooled instances of the component, and by the
/// edge over the imported interface.
///
/// Each call is one call of the engine: an implementation must not repeat one, because attempts are counted.
pub trait Otp: Clone + Send + Sync + 'static {
    /// Makes a challenge, sends its code, and replaces the subject's earlier challenge.
    fn issue(
        &self,
        request: IssueRequest,
    ) -> impl Future<Output = Result<Challenge, Failure>> + Send;

    /// Compares a code, having counted the attempt first.
    fn verify(
        &self,
        request: VerifyRequest,
    ) -> impl Future<Output = Result<Verified, Failure>> + Send;

    /// Sends the message of a living challenge once more.
    fn resend(
        &self,
        request: ResendRequest,
    ) -> impl Future<Output = Result<Challenge, Failure>> + Send;

    /// Takes a living challenge back.
    fn revoke(
        &self,
        tenant: String,
        id: String,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Tells where a challenge stands. Changes nothing.
    fn status(
        &self,
        tenant: String,
        target: Target,
    ) -> impl Future<Output = Result<Report, Failure>> + Send;

    /// Notes what a provider reports of the message with that number.
    fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Tells where a recipient stands. Changes nothing. Called for operators only.
    fn inspect(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> impl Future<Output = Result<SubjectReport, Failure>> + Send;

    /// The purposes that a tenant has.
    fn purposes(&self, tenant: &str) -> Vec<String>;

    /// Lifts the lock of a subject and clears its failures. Called for operators only.
    fn unlock(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why a call of the engine brought no result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failure {
    /// The engine itself broke: it trapped, ran out of memory or out of time. Why is for the log of the one that
    /// implements [`Otp`]; the caller gets a 500.
    Internal,
    /// No instance was free in time. The call had no effect and may be repeated: a 503.
    Overloaded,
    /// The engine answered, with an error.
    Refused(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}
