//! The signals that end the process.

use std::io;

/// Resolves at the first SIGTERM or SIGINT after this call (elsewhere than on Unix: Ctrl-C).
///
/// # Errors
/// Where the signals can't be listened to.
#[cfg(unix)]
pub fn signalled() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping: requests in progress are finished");
    })
}

/// Resolves at the first SIGTERM or SIGINT after this call (elsewhere than on Unix: Ctrl-C).
///
/// # Errors
/// Where the signals can't be listened to.
#[cfg(not(unix))]
pub fn signalled() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        tracing::info!("stopping: requests in progress are finished");
    })
}
