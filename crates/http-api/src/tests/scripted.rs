//! An engine that answers what a test tells it to, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use countersign_contract::callbacks::{CallbackError, DeliveryReport};
use countersign_contract::otp::{
    Addressee, Challenge, DeliveryState, Error, IssueRequest, PurposeTally, Report, ResendRequest,
    SideReport, State, SubjectReport, Target, Verified, VerifyRequest,
};
use countersign_contract::types::{Channel, DeliveryOutcome, StoreError};
use countersign_contract::upkeep::Swept;
use countersign_contract::{Secret, Timestamp};
use serde_json::Value;
use tower::ServiceExt;

use crate::callbacks::{CallbackRequest, Callbacks, Received};
use crate::census::{Census, CountError, Counted};
use crate::health::{Condition, Dependency, Health, Readiness};
use crate::keys::ApiKeys;
use crate::otp::{Failure, Otp};
use crate::upkeep::Upkeep;

/// What the engine was asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Call {
    Count(String, Option<String>),
    Inspect(String, Addressee),
    Issue(IssueRequest),
    Receive(String, CallbackRequest),
    RecordDelivery(DeliveryReport),
    Resend(ResendRequest),
    Revoke(String, String),
    Status(String, Target),
    Sweep(u32),
    Unlock(String, Addressee),
    Verify(VerifyRequest),
}

#[derive(Clone, Default)]
pub(super) struct Scripted(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    calls: Vec<Call>,
    failure: Option<Failure>,
    readiness: Option<Readiness>,
    received: Option<Result<Received, CallbackError>>,
}

impl Scripted {
    /// An engine to which everything succeeds.
    pub(super) fn willing() -> Self {
        Self::default()
    }

    /// An engine that answers everything with `error`.
    pub(super) fn refusing(error: Error) -> Self {
        Self::failing(Failure::Refused(error))
    }

    pub(super) fn failing(failure: Failure) -> Self {
        let scripted = Self::default();
        scripted.0.lock().unwrap().failure = Some(failure);
        scripted
    }

    pub(super) fn with_readiness(readiness: Readiness) -> Self {
        let scripted = Self::default();
        scripted.0.lock().unwrap().readiness = Some(readiness);
        scripted
    }

    /// An engine that is asked to note what `received` says, and answers each with `failure`, if any.
    pub(super) fn hearing(
        received: Result<Received, CallbackError>,
        failure: Option<Failure>,
    ) -> Self {
        let scripted = Self::default();
        {
            let mut script = scripted.0.lock().unwrap();
            script.received = Some(received);
            script.failure = failure;
        }
        scripted
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap().calls.clone()
    }

    pub(super) fn open(&self) -> Router {
        self.behind(ApiKeys::open())
    }

    pub(super) fn behind(&self, keys: ApiKeys) -> Router {
        crate::Surface::sweeping(self.clone(), self.clone(), self.clone(), self.clone(), keys)
            .into_router()
    }

    /// The surface of the host, which counts.
    pub(super) fn counting(&self, keys: ApiKeys) -> Router {
        crate::Surface::counting(self.clone(), self.clone(), self.clone(), self.clone(), keys)
            .into_router()
    }

    fn answer<T>(&self, call: Call, value: T) -> Result<T, Failure> {
        let mut script = self.0.lock().unwrap();
        script.calls.push(call);
        script.failure.clone().map_or(Ok(value), Err)
    }
}

impl Otp for Scripted {
    async fn issue(&self, request: IssueRequest) -> Result<Challenge, Failure> {
        self.answer(Call::Issue(request), challenge())
    }

    async fn verify(&self, request: VerifyRequest) -> Result<Verified, Failure> {
        let verified = Verified {
            id: "c1.abc".into(),
            purpose: "login".into(),
            channel: Channel::Sms,
            masked_recipient: "49****5678".into(),
            reference: request.reference.clone(),
            verified_at: Timestamp(1_785_585_600),
            device_cookie: request
                .reference
                .as_ref()
                .map(|_| Secret::new("AGpqNwA5iXb4q0mTzvK1c2VuZGVy".into())),
        };
        self.answer(Call::Verify(request), verified)
    }

    async fn resend(&self, request: ResendRequest) -> Result<Challenge, Failure> {
        self.answer(Call::Resend(request), challenge())
    }

    async fn revoke(&self, tenant: String, id: String) -> Result<(), Failure> {
        self.answer(Call::Revoke(tenant, id), ())
    }

    async fn status(&self, tenant: String, target: Target) -> Result<Report, Failure> {
        self.answer(Call::Status(tenant, target), report())
    }

    async fn record_delivery(
        &self,
        tenant: String,
        id: String,
        send_number: u32,
        outcome: DeliveryOutcome,
    ) -> Result<(), Failure> {
        let report = DeliveryReport { tenant, id, send_number, outcome };
        self.answer(Call::RecordDelivery(report), ())
    }

    /// Two sides that differ; of each challenge one that waits and one that is over.
    async fn inspect(
        &self,
        tenant: String,
        addressee: Addressee,
    ) -> Result<SubjectReport, Failure> {
        let purpose = addressee.purpose.clone();
        let waits = Report { purpose: purpose.clone(), ..report() };
        let over = Report {
            id: "c1.def".into(),
            state: State::Expired,
            expires_in_seconds: 0,
            resend_in_seconds: 0,
            resends_left: 0,
            attempts_left: 0,
            ..waits.clone()
        };
        let others = SideReport {
            failures: 3,
            locked_for_seconds: 840,
            disabled: false,
            cooldown_seconds: 50,
            challenges: vec![waits.clone(), over.clone()],
        };
        let known = SideReport {
            failures: 0,
            locked_for_seconds: 0,
            disabled: false,
            cooldown_seconds: 0,
            challenges: vec![over],
        };
        let report = SubjectReport {
            purpose,
            masked_recipient: waits.masked_recipient,
            known_devices: known,
            other_clients: others,
        };
        self.answer(Call::Inspect(tenant, addressee), report)
    }

    fn purposes(&self, tenant: &str) -> Vec<String> {
        let other: &[&str] = if tenant == "default" { &["payment"] } else { &[] };
        [&["login"], other].concat().into_iter().map(str::to_owned).collect()
    }

    async fn unlock(&self, tenant: String, addressee: Addressee) -> Result<(), Failure> {
        self.answer(Call::Unlock(tenant, addressee), ())
    }
}

impl Callbacks for Scripted {
    async fn receive(
        &self,
        provider: String,
        request: CallbackRequest,
    ) -> Result<Received, CallbackError> {
        let mut script = self.0.lock().unwrap();
        script.calls.push(Call::Receive(provider, request));
        script.received.clone().unwrap_or(Err(CallbackError::UnknownProvider))
    }
}

impl Health for Scripted {
    async fn ready(&self) -> Readiness {
        let script = self.0.lock().unwrap();
        script.readiness.clone().unwrap_or_else(|| Readiness {
            degraded: false,
            dependencies: vec![Dependency::new("store", Condition::Ok)],
        })
    }
}

impl Upkeep for Scripted {
    async fn sweep(&self, limit: u32) -> Result<Swept, StoreError> {
        match self.answer(Call::Sweep(limit), Swept { examined: 7, removed: 5, more: true }) {
            Err(Failure::Refused(Error::StoreUnavailable(error))) => Err(error),
            answer => Ok(answer.unwrap()),
        }
    }
}

impl Census for Scripted {
    async fn count(&self, tenant: String, after: Option<String>) -> Result<Counted, CountError> {
        if after.as_deref() == Some("stale") {
            return Err(CountError::Cursor);
        }
        let of = |purpose: Option<&str>, pending| PurposeTally {
            purpose: purpose.map(str::to_owned),
            pending,
            expired: 2,
            ..PurposeTally::default()
        };
        let tallies = vec![of(Some("login"), 7), of(None, 1)];
        let next = after.is_none().then(|| "0.512.0.".to_owned());
        let counted = Counted { tallies, next };
        self.answer(Call::Count(tenant, after), counted).map_err(CountError::Failed)
    }
}

/// A challenge that waits for its code.
fn report() -> Report {
    Report {
        id: "c1.abc".into(),
        purpose: "login".into(),
        channel: Channel::Email,
        masked_recipient: "j***@e***.com".into(),
        state: State::Pending,
        delivery: DeliveryState::Sent,
        issued_at: Timestamp(1_785_585_600),
        expires_at: Timestamp(1_785_585_900),
        expires_in_seconds: 290,
        resend_in_seconds: 50,
        resends_left: 3,
        attempts_left: 2,
        locked_for_seconds: 0,
        disabled: false,
    }
}

fn challenge() -> Challenge {
    Challenge {
        id: "c1.abc".into(),
        purpose: "login".into(),
        channel: Channel::Sms,
        masked_recipient: "49****5678".into(),
        code_length: 6,
        expires_at: Timestamp(1_785_585_900),
        expires_in_seconds: 300,
        resend_in_seconds: 60,
        resends_left: 3,
        attempts_left: 3,
        provider: "twilio_sms".into(),
    }
}

/// A response that has been read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub(super) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(super) async fn send(router: Router, request: Request<Body>) -> Reply {
    super::traced::start();
    read(router.oneshot(request).await.unwrap()).await
}

/// Reads a response to its end.
pub(super) async fn read(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    Reply {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// A request without a body.
pub(super) fn bare(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

/// A POST of JSON.
pub(super) fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method("POST")
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap()
}

/// A request of every route that reaches the engine, all of them good.
pub(super) fn every_call() -> Vec<Request<Body>> {
    let addressee = r#"{"purpose":"login","to":"+4915112345678"}"#;
    vec![
        post("/v1/challenges", r#"{"purpose":"login","channel":"sms","to":"+4915112345678"}"#),
        post("/v1/challenges/c1.abc/verify", r#"{"code":"483920"}"#),
        post("/v1/verify", r#"{"purpose":"login","to":"+4915112345678","code":"483920"}"#),
        post("/v1/challenges/c1.abc/resend", "{}"),
        bare("GET", "/v1/challenges/c1.abc"),
        bare("DELETE", "/v1/challenges/c1.abc"),
        post("/v1/status", addressee),
        post("/v1/unlock", addressee),
        post("/v1/subjects/show", addressee),
        post("/v1/challenges/list", addressee),
    ]
}
