//! What the line of a verification in the log costs the thread that serves it: the same requests through the same
//! router, with and without a subscriber, and an engine that answers at once. Writing the line is another thread's work
//! and doesn't count.

use std::io::sink;
use std::time::Instant;

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use countersign::config::{LogFormat, LogSettings};
use countersign::telemetry;
use countersign_http_api::callbacks::NoCallbacks;
use countersign_http_api::keys::ApiKeys;
use countersign_http_api::{RequestStart, router};
use tower::ServiceExt;
use tracing::subscriber::NoSubscriber;

use crate::engines::constant::Constant;
use crate::micro::cpu_nanoseconds;
use crate::report::Spread;
use crate::server::Always;

/// Requests per round, fewer than lines that fit into the queue: one that is dropped costs less.
const REQUESTS: u64 = 1_000;

/// Measures and prints medians.
pub(crate) fn run(rounds: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let router = router(Constant, Always, NoCallbacks, ApiKeys::open());
    let subscriber = |format| {
        let settings = LogSettings { format, ..LogSettings::default() };
        telemetry::writing_to(&settings, sink())
    };
    let (json, text) = (subscriber(LogFormat::Json)?, subscriber(LogFormat::Text)?);
    let (json, text) = (tracing::Dispatch::new(json), tracing::Dispatch::new(text));
    let none = tracing::Dispatch::new(NoSubscriber::default());
    let mut rows = [("no log", none, vec![]), ("text", text, vec![]), ("json", json, vec![])];
    // The first round warms up.
    for round in 0..=rounds {
        for (_, dispatch, samples) in &mut rows {
            let sample =
                tracing::dispatcher::with_default(dispatch, || runtime.block_on(sample(&router)))?;
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    println!(
        "\nA verification through the router, nanoseconds of CPU of its thread, {rounds} rounds\n"
    );
    let mut without = 0.0;
    for (name, _, samples) in rows {
        let median = Spread::of(samples).median;
        if name == "no log" {
            without = median;
        }
        println!("{name:<10} {median:>8.0}  the line: {:>6.0}", median - without);
    }
    Ok(())
}

async fn sample(router: &Router) -> Result<f64> {
    let requests: Vec<_> = (0..REQUESTS).map(request).collect::<Result<_>>()?;
    let start = cpu_nanoseconds();
    let mut refused = 0;
    for request in requests {
        let response = router.clone().oneshot(request).await?;
        refused += u64::from(response.status() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    let spent = cpu_nanoseconds() - start;
    ensure!(refused == REQUESTS, "{refused} of {REQUESTS} were compared");
    // The queue is emptied meanwhile.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    Ok(spent / REQUESTS as f64)
}

fn request(number: u64) -> Result<Request> {
    let mut request = Request::post("/v1/challenges/plain.AAAAAAAAAAAAAAAA/verify")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"code":"000000"}"#))?;
    request.extensions_mut().insert(RequestStart { number, at: Instant::now() });
    Ok(request)
}
