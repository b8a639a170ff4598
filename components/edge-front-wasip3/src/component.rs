//! The component's export: one request in, one answer out, in one segment.

use countersign_edge::{leftover, patience, service, upkeep};
use spin_sdk::http::IntoResponse;
use spin_sdk::time::sleep;
use spin_sdk::wasip3::exports::http::handler::Guest;
use spin_sdk::wasip3::http::types::{ErrorCode, Request, Response as WasiResponse};
use spin_sdk::wasip3::http_compat::http_from_wasi_request;
use spin_sdk::wit_bindgen;

use crate::turns;

struct Front;

mod exports {
    use super::Front;

    spin_sdk::wasip3::http::service::export!(Front);
}

impl Guest for Front {
    async fn handle(request: Request) -> Result<WasiResponse, ErrorCode> {
        let request = http_from_wasi_request(request)?;
        let _turn = turns::begins_a_send(&request).then(Turn::begin);
        // The runtime sends an answer's head by itself unless its body is there in the same turn: so an earlier
        // request's body gets its turn before this one freezes the instance, and ours before we return.
        wit_bindgen::yield_async().await;
        let (pauses, length) = patience::BODY_PAUSES;
        let answered = service::answer(request, pauses, || sleep(length)).await;
        if let Some(rest) = answered.rest {
            wit_bindgen::spawn(async {
                let (pauses, length) = leftover::PAUSES;
                patience::unless(pauses, || sleep(length), leftover::discard(rest)).await;
            });
        }
        let response = answered.response.into_response()?;
        wit_bindgen::yield_async().await;
        if upkeep::is_due() {
            wit_bindgen::spawn(async {
                sleep(upkeep::BEFORE_SWEEPING).await;
                let _turn = Turn::begin();
                upkeep::sweep(wit_bindgen::yield_async).await;
            });
        }
        Ok(response)
    }
}

/// While there is one, the instance is given no further request.
struct Turn(());

impl Turn {
    fn begin() -> Self {
        wit_bindgen::backpressure_inc();
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        wit_bindgen::backpressure_dec();
    }
}
