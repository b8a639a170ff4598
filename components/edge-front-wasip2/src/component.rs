//! The component's export: one request in, one answer out, and then what is left to do.

use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use countersign_edge::service::{self, Answered};
use countersign_edge::{leftover, patience::BODY_PAUSES, upkeep};
use http_body_util::BodyExt;

use crate::bindings;
use crate::bindings::exports::wasi::http::incoming_handler::Guest;
use crate::bindings::wasi::clocks::monotonic_clock::subscribe_duration;
use crate::bindings::wasi::http::types::{ErrorCode, IncomingRequest, ResponseOutparam};
use crate::patience::Patience;
use crate::{request, response};

struct Front;

#[expect(unsafe_code, reason = "generated: the exports of wit/")]
mod exports {
    use super::{Front, bindings};

    bindings::export!(Front with_types_in bindings);
}

impl Guest for Front {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let patience = Patience::default();
        let request = match request::read(request, &patience) {
            Ok(request) => request,
            Err(code) => return ResponseOutparam::set(out, Err(code)),
        };
        patience.grant(BODY_PAUSES);
        // Without pauses: a body that is pending has been waited for.
        let answered = now(service::answer(request, 0, || ready(())));
        let Some(Answered { response, rest }) = answered else {
            return ResponseOutparam::set(out, Err(ErrorCode::InternalError(None)));
        };
        let (head, body) = response.into_parts();
        let body = now(body.collect()).and_then(Result::ok).unwrap_or_default().to_bytes();
        response::send(out, &http::Response::from_parts(head, body));
        if let Some(rest) = rest {
            patience.grant(leftover::PAUSES);
            now(leftover::discard(rest));
        }
        if upkeep::is_due() {
            let pause = u64::try_from(upkeep::BEFORE_SWEEPING.as_nanos()).unwrap_or(u64::MAX);
            subscribe_duration(pause).block();
            now(upkeep::sweep(|| ready(())));
        }
    }
}

/// What work comes to that waits by itself; nothing where it has waited for too long.
/// `now_or_never` of `futures-util` would do the same in 850 bytes more.
fn now<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
