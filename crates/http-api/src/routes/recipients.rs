//! Challenges named by their recipient, which never stands in a URL.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_contract::otp::{Addressee, Target, VerifyRequest};

use super::api::Api;
use super::request::{audited, caller, client_ip};
use crate::audit::ended;
use crate::health::Health;
use crate::otp::Otp;
use crate::response::answer;
use crate::wire::answers::{ReportView, VerifiedView};
use crate::wire::requests::{AddresseeBody, VerifyBody};
use crate::{body, trace};

pub(crate) const VERIFY: &str = "/v1/verify";
pub(crate) const STATUS: &str = "/v1/status";

pub(crate) async fn verify<O: Otp, H: Health>(api: &Api<O, H>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), VERIFY, async {
        let caller = caller(&api.keys, &parts)?;
        let body: VerifyBody = body::read(&parts.headers, body).await?;
        let request = VerifyRequest {
            tenant: caller.tenant().to_owned(),
            target: Target::Recipient(Addressee {
                purpose: body.purpose,
                to: body.to,
                device_cookie: body.device_cookie,
            }),
            purpose: None,
            to: None,
            code: body.code,
            reference: body.reference,
            client_ip: client_ip(body.client_ip, &parts),
        };
        let verified = api
            .otp
            .verify(request)
            .await
            .map_err(|failure| trace::failed("verify", None, failure).of_an_attempt())?;
        let response = answer(StatusCode::OK, &VerifiedView::from(&verified));
        Ok(trace::done(response, "verify", verified.id, verified.masked_recipient))
    })
    .await
}

pub(crate) async fn status<O: Otp, H: Health>(api: &Api<O, H>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), STATUS, async {
        let caller = caller(&api.keys, &parts)?;
        let entry = audited("challenges.show", &api.keys, caller, &parts);
        let work = async {
            let body: AddresseeBody = body::read(&parts.headers, body).await?;
            let status = api.otp.status(caller.tenant().to_owned(), Target::Recipient(body.into()));
            let report = status.await.map_err(|failure| trace::failed("status", None, failure))?;
            let response = answer(StatusCode::OK, &ReportView::from(&report));
            Ok(trace::done(response, "status", report.id, report.masked_recipient))
        };
        let result = work.await;
        ended(entry, result)
    })
    .await
}
