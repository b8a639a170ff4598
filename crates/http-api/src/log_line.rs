//! The line that the log has of each request.

use countersign_contract::upkeep::Swept;

/// What a line says besides route, status and duration. Without it nothing was asked of the engine.
#[derive(Debug, Default)]
pub(crate) struct LogLine {
    /// What the engine was asked to do.
    pub(crate) verb: &'static str,
    /// The id of the challenge.
    pub(crate) challenge: Option<String>,
    /// The recipient, masked.
    pub(crate) to: Option<String>,
    /// What an operator may know and a caller may not.
    pub(crate) cause: Option<String>,
    /// Whether the service is at fault.
    pub(crate) is_error: bool,
    /// The name of the provider that called.
    pub(crate) provider: Option<String>,
    /// How many messages it reported on.
    pub(crate) reports: Option<usize>,
    /// What a step of sweeping did.
    pub(crate) swept: Option<Swept>,
}

/// Logs what became of a request.
pub(crate) fn write(line: Option<LogLine>, outcome: &str, status: u16, duration_ms: Option<f64>) {
    let Some(line) = line else {
        if outcome == "ok" {
            tracing::debug!(outcome, status, duration_ms, "answered");
        } else {
            // Refusals that the engine never saw; at `info` any client could fill the log with them.
            tracing::debug!(outcome, status, duration_ms, "refused");
        }
        return;
    };
    let LogLine { verb, challenge, to, cause, is_error, provider, reports, swept } = line;
    let (challenge, to, cause) = (challenge.as_deref(), to.as_deref(), cause.as_deref());
    if is_error {
        tracing::error!(challenge, outcome, status, duration_ms, cause, "{verb}");
    } else if let Some(Swept { examined, removed, more }) = swept {
        tracing::info!(examined, removed, more, outcome, status, duration_ms, "{verb}");
    } else {
        let provider = provider.as_deref();
        tracing::info!(
            challenge,
            to,
            provider,
            reports,
            outcome,
            status,
            duration_ms,
            cause,
            "{verb}"
        );
    }
}
