//! What operators ask for. Each call is [audited](crate::audit), refused ones too.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use countersign_contract::Pii;
use countersign_contract::otp::{Addressee, Error, Report, SideReport, State, SubjectReport};

use super::api::Api;
use super::request::caller;
use crate::audit::Entry;
use crate::census::{Census, CountError, MAX_CURSOR_BYTES};
use crate::health::Health;
use crate::keys::{ApiKeys, Caller};
use crate::otp::{Failure, Otp};
use crate::problem::{Problem, ProblemCode};
use crate::response::{answer, nothing};
use crate::wire::operators::{CountView, ListView, SubjectView};
use crate::wire::requests::{AddresseeBody, CountBody, ListBody};
use crate::{body, trace};

pub(crate) const COUNT: &str = "/v1/challenges/count";
pub(crate) const LIST: &str = "/v1/challenges/list";
pub(crate) const SHOW: &str = "/v1/subjects/show";
pub(crate) const UNLOCK: &str = "/v1/unlock";

/// Lifts a recipient's lock.
pub(crate) async fn unlock<O: Otp, H: Health>(api: &Api<O, H>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), UNLOCK, async {
        let caller = caller(&api.keys, &parts)?;
        let mut entry = Entry::new("subjects.unlock", caller, &parts);
        let work = async {
            refuse_others(caller)?;
            let body: AddresseeBody = body::read(&parts.headers, body).await?;
            note(&mut entry, api, caller, Some(&body.purpose), &body.to);
            let unlocked = api.otp.unlock(caller.tenant().to_owned(), body.into()).await;
            unlocked.map_err(|failure| trace::failed("unlock", None, failure))?;
            Ok(trace::done_quietly(nothing(), "unlock", None))
        };
        let result = work.await;
        entry.ended(result)
    })
    .await
}

/// Tells where a recipient stands.
pub(crate) async fn show<O: Otp, H: Health>(api: &Api<O, H>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), SHOW, async {
        let caller = caller(&api.keys, &parts)?;
        let mut entry = Entry::new("subjects.show", caller, &parts);
        let work = async {
            refuse_others(caller)?;
            let body: AddresseeBody = body::read(&parts.headers, body).await?;
            note(&mut entry, api, caller, Some(&body.purpose), &body.to);
            let report = api.otp.inspect(caller.tenant().to_owned(), body.into()).await;
            let report = report.map_err(|failure| trace::failed("inspect", None, failure))?;
            let response = answer(StatusCode::OK, &SubjectView::from(&report));
            Ok(trace::done_quietly(response, "inspect", None))
        };
        let result = work.await;
        entry.ended(result)
    })
    .await
}

/// Lists the challenges of a recipient that wait for their codes.
pub(crate) async fn list<O: Otp, H: Health>(api: &Api<O, H>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), LIST, async {
        let caller = caller(&api.keys, &parts)?;
        let mut entry = Entry::new("challenges.list", caller, &parts);
        let work = async {
            refuse_others(caller)?;
            let ListBody { purpose, to } = body::read(&parts.headers, body).await?;
            note(&mut entry, api, caller, purpose.as_deref(), &to);
            let reports = inspected(&api.otp, caller.tenant(), purpose, &to).await;
            let reports = reports.map_err(|failure| trace::failed("list", None, failure))?;
            let known = pending(&reports, |report| &report.known_devices);
            let others = pending(&reports, |report| &report.other_clients);
            let response = answer(StatusCode::OK, &ListView::new(known, others));
            Ok(trace::done_quietly(response, "list", None))
        };
        let result = work.await;
        entry.ended(result)
    })
    .await
}

/// Counts the tenant's challenges, a step at a time.
pub(crate) async fn count<K: Census>(census: &K, keys: &ApiKeys, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), COUNT, async {
        let caller = caller(keys, &parts)?;
        let entry = || Entry::new("challenges.count", caller, &parts);
        let after = match read_cursor(caller, &parts, body).await {
            Ok(after) => after,
            refused => return entry().ended(refused.map(|_| Response::default().into())),
        };
        let entry = entry();
        let counted = census.count(caller.tenant().to_owned(), after).await;
        let result = match counted {
            Ok(counted) => {
                let response = answer(StatusCode::OK, &CountView::from(&counted));
                Ok(trace::done_quietly(response, "count", None))
            }
            Err(CountError::Cursor) => Err(no_cursor()),
            Err(CountError::Failed(failure)) => Err(trace::failed("count", None, failure)),
        };
        entry.ended(result)
    })
    .await
}

async fn read_cursor(
    caller: &Caller,
    parts: &Parts,
    body: axum::body::Body,
) -> Result<Option<String>, Problem> {
    refuse_others(caller)?;
    let CountBody { after } = body::read_optional(&parts.headers, body).await?;
    let is_one = |text: &String| (1..=MAX_CURSOR_BYTES).contains(&text.len());
    if after.as_ref().is_some_and(|text| !is_one(text)) {
        return Err(no_cursor());
    }
    Ok(after)
}

fn no_cursor() -> Problem {
    let text = "The cursor is not one of this store, or the store has changed since. Count from the beginning.";
    Problem::request(text).field("after")
}

fn refuse_others(caller: &Caller) -> Result<(), Problem> {
    if caller.is_operator() { Ok(()) } else { Err(Problem::new(ProblemCode::Forbidden)) }
}

/// Tells the audit whom it is about. What is no purpose of the tenant's may be anything, a phone number too.
fn note<O: Otp, H>(
    entry: &mut Entry,
    api: &Api<O, H>,
    caller: &Caller,
    purpose: Option<&str>,
    to: &Pii,
) {
    let is_known =
        |purpose: &&str| api.otp.purposes(caller.tenant()).iter().any(|it| it == purpose);
    if let Some(purpose) = purpose.filter(is_known) {
        entry.purpose(purpose);
    }
    entry.to(to.expose());
}

/// What is known of a recipient for one purpose, or for all that take it.
async fn inspected<O: Otp>(
    otp: &O,
    tenant: &str,
    purpose: Option<String>,
    to: &Pii,
) -> Result<Vec<SubjectReport>, Failure> {
    let addressee = |purpose| Addressee { purpose, to: to.clone(), device_cookie: None };
    if let Some(purpose) = purpose {
        return Ok(vec![otp.inspect(tenant.to_owned(), addressee(purpose)).await?]);
    }
    let (mut reports, mut refusal) = (Vec::new(), None);
    for purpose in otp.purposes(tenant) {
        match otp.inspect(tenant.to_owned(), addressee(purpose)).await {
            Ok(report) => reports.push(report),
            // Another purpose may take a number that this one doesn't.
            Err(failure @ Failure::Refused(Error::InvalidRecipient(_))) => refusal = Some(failure),
            Err(failure) => return Err(failure),
        }
    }
    match refusal {
        Some(refusal) if reports.is_empty() => Err(refusal),
        _ => Ok(reports),
    }
}

fn pending(reports: &[SubjectReport], side: fn(&SubjectReport) -> &SideReport) -> Vec<&Report> {
    let challenges = reports.iter().flat_map(|report| &side(report).challenges);
    challenges.filter(|report| report.state == State::Pending).collect()
}
