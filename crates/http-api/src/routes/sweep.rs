//! Sweeping a store that doesn't forget by itself: for a timer that holds an operator's key.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use countersign_contract::otp::Error;

use super::request::caller;
use crate::keys::ApiKeys;
use crate::otp::Failure;
use crate::problem::{Problem, ProblemCode};
use crate::response::answer;
use crate::upkeep::Upkeep;
use crate::wire::answers::SweptView;
use crate::wire::requests::SweepBody;
use crate::{body, trace};

pub(crate) const SWEEP: &str = "/v1/sweep";

pub(crate) async fn sweep<U: Upkeep>(upkeep: &U, keys: &ApiKeys, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    trace::request((&parts).into(), SWEEP, async {
        if !caller(keys, &parts)?.is_operator() {
            return Err(Problem::new(ProblemCode::Forbidden));
        }
        let body: SweepBody = body::read_optional(&parts.headers, body).await?;
        let limit = body.limit.unwrap_or(SweepBody::DEFAULT);
        if !(1..=SweepBody::MOST).contains(&limit) {
            let text = format!("The limit must be 1 to {}.", SweepBody::MOST);
            return Err(Problem::request(text).field("limit"));
        }
        let swept = upkeep.sweep(limit).await.map_err(|error| {
            trace::failed("sweep", None, Failure::Refused(Error::StoreUnavailable(error)))
        })?;
        Ok(trace::swept(answer(StatusCode::OK, &SweptView::from(&swept)), swept))
    })
    .await
}
