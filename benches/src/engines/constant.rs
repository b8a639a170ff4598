//! The same answer every time: what the server costs without an engine.

use countersign_contract::Timestamp;
use countersign_contract::otp::{
    Addressee, Challenge, DeliveryState, Error, IssueRequest, Report, ResendRequest, State,
    SubjectReport, Target, Verified, VerifyRequest,
};
use countersign_contract::types::{Channel, DeliveryOutcome};
use countersign_http_api::otp::{Failure, Otp};

/// Answers at once.
#[derive(Clone)]
pub(crate) struct Constant;

const ID: &str = "plain.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const MASKED: &str = "62*******0000";

fn challenge(purpose: String, channel: Channel) -> Challenge {
    Challenge {
        id: ID.into(),
        purpose,
        channel,
        masked_recipient: MASKED.into(),
        code_length: 6,
        expires_at: Timestamp(1_800_000_000),
        expires_in_seconds: 600,
        resend_in_seconds: 0,
        resends_left: 3,
        attempts_left: 10,
        provider: "bench".into(),
    }
}

impl Otp for Constant {
    async fn issue(&self, request: IssueRequest) -> Result<Challenge, Failure> {
        Ok(challenge(request.purpose, request.channel.unwrap_or(Channel::Sms)))
    }

    async fn verify(&self, _: VerifyRequest) -> Result<Verified, Failure> {
        Err(Failure::Refused(Error::Mismatch(5)))
    }

    async fn resend(&self, _: ResendRequest) -> Result<Challenge, Failure> {
        Ok(challenge("plain".into(), Channel::Sms))
    }

    async fn revoke(&self, _: String, _: String) -> Result<(), Failure> {
        Ok(())
    }

    async fn status(&self, _: String, _: Target) -> Result<Report, Failure> {
        Ok(Report {
            id: ID.into(),
            purpose: "plain".into(),
            channel: Channel::Sms,
            masked_recipient: MASKED.into(),
            state: State::Pending,
            delivery: DeliveryState::Sent,
            issued_at: Timestamp(1_799_999_400),
            expires_at: Timestamp(1_800_000_000),
            expires_in_seconds: 600,
            resend_in_seconds: 0,
            resends_left: 3,
            attempts_left: 10,
            locked_for_seconds: 0,
            disabled: false,
        })
    }

    async fn record_delivery(
        &self,
        _: String,
        _: String,
        _: u32,
        _: DeliveryOutcome,
    ) -> Result<(), Failure> {
        Ok(())
    }

    async fn inspect(&self, _: String, _: Addressee) -> Result<SubjectReport, Failure> {
        Err(Failure::Refused(Error::UnknownPurpose))
    }

    fn purposes(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    async fn unlock(&self, _: String, _: Addressee) -> Result<(), Failure> {
        Ok(())
    }
}
