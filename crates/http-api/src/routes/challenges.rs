//! Challenges, named by their ids.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use countersign_contract::otp::{IssueRequest, ResendRequest, Target, VerifyRequest};

use super::api::Api;
use super::request::{audited, caller, client_ip, id};
use crate::audit::ended;
use crate::health::Health;
use crate::otp::Otp;
use crate::response::{answer, nothing};
use crate::wire::answers::{ChallengeView, ReportView, VerifiedView};
use crate::wire::requests::{IssueBody, ResendBody, VerifyByIdBody};
use crate::{body, trace};

pub(crate) const ALL: &str = "/v1/challenges";
pub(crate) const ONE: &str = "/v1/challenges/{id}";
pub(crate) const VERIFY: &str = "/v1/challenges/{id}/verify";
pub(crate) const RESEND: &str = "/v1/challenges/{id}/resend";

pub(crate) async fn issue<O: Otp, H: Health>(api: &Api<O, H>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), ALL, async {
        let caller = caller(&api.keys, &parts)?;
        let body: IssueBody = body::read(&parts.headers, body).await?;
        let request = IssueRequest {
            tenant: caller.tenant().to_owned(),
            purpose: body.purpose,
            channel: body.channel,
            to: body.to,
            reference: body.reference,
            locale: body.locale,
            client_ip: client_ip(body.client_ip, &parts),
            device_cookie: body.device_cookie,
        };
        let challenge = api
            .otp
            .issue(request)
            .await
            .map_err(|failure| trace::failed("issue", None, failure).of_a_send())?;
        let mut response = answer(StatusCode::CREATED, &ChallengeView::from(&challenge));
        if let Ok(location) = HeaderValue::try_from(format!("{ALL}/{}", challenge.id)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(trace::done(response, "issue", challenge.id, challenge.masked_recipient))
    })
    .await
}

pub(crate) async fn verify<O: Otp, H: Health>(
    api: &Api<O, H>,
    name: Option<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), VERIFY, async {
        let caller = caller(&api.keys, &parts)?;
        let id = id(name)?;
        let body: VerifyByIdBody = body::read(&parts.headers, body).await?;
        let request = VerifyRequest {
            tenant: caller.tenant().to_owned(),
            target: Target::Id(id.clone()),
            purpose: body.purpose,
            to: body.to,
            code: body.code,
            reference: body.reference,
            client_ip: client_ip(body.client_ip, &parts),
        };
        let verified = api.otp.verify(request).await.map_err(|failure| {
            trace::failed("verify", Some(&id), failure).by_id().of_an_attempt()
        })?;
        let response = answer(StatusCode::OK, &VerifiedView::from(&verified));
        Ok(trace::done(response, "verify", verified.id, verified.masked_recipient))
    })
    .await
}

pub(crate) async fn resend<O: Otp, H: Health>(
    api: &Api<O, H>,
    name: Option<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), RESEND, async {
        let caller = caller(&api.keys, &parts)?;
        let id = id(name)?;
        let body: ResendBody = body::read_optional(&parts.headers, body).await?;
        let request = ResendRequest {
            tenant: caller.tenant().to_owned(),
            id: id.clone(),
            client_ip: client_ip(body.client_ip, &parts),
        };
        let challenge =
            api.otp.resend(request).await.map_err(|failure| {
                trace::failed("resend", Some(&id), failure).by_id().of_a_send()
            })?;
        let response = answer(StatusCode::OK, &ChallengeView::from(&challenge));
        Ok(trace::done(response, "resend", challenge.id, challenge.masked_recipient))
    })
    .await
}

pub(crate) async fn status<O: Otp, H: Health>(
    api: &Api<O, H>,
    name: Option<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    trace::request((&parts).into(), ONE, async {
        let caller = caller(&api.keys, &parts)?;
        let entry = audited("challenges.show", &api.keys, caller, &parts);
        let work = async {
            let id = id(name)?;
            let status = api.otp.status(caller.tenant().to_owned(), Target::Id(id.clone()));
            let failed = |failure| trace::failed("status", Some(&id), failure).by_id();
            let report = status.await.map_err(failed)?;
            let response = answer(StatusCode::OK, &ReportView::from(&report));
            Ok(trace::done(response, "status", report.id, report.masked_recipient))
        };
        let result = work.await;
        ended(entry, result)
    })
    .await
}

pub(crate) async fn revoke<O: Otp, H: Health>(
    api: &Api<O, H>,
    name: Option<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    trace::request((&parts).into(), ONE, async {
        let caller = caller(&api.keys, &parts)?;
        let entry = audited("challenges.revoke", &api.keys, caller, &parts);
        let work = async {
            let id = id(name)?;
            let revoked = api.otp.revoke(caller.tenant().to_owned(), id.clone()).await;
            revoked.map_err(|failure| trace::failed("revoke", Some(&id), failure).by_id())?;
            Ok(trace::done_quietly(nothing(), "revoke", Some(id)))
        };
        let result = work.await;
        ended(entry, result)
    })
    .await
}
