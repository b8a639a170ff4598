//! The signals that end the process, and those that must not.

use std::io;

/// Resolves at the first SIGTERM or SIGINT after this call (elsewhere than on Unix: Ctrl-C).
/// SIGHUP, SIGUSR1 and SIGUSR2 are logged and ignored.
///
/// # Errors
/// Where the signals can't be listened to.
#[cfg(unix)]
pub fn signalled() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Their default is to end the process at once. Tools send them to have a configuration or a log
    // opened anew, which we don't do.
    let mut hangup = signal(SignalKind::hangup())?;
    let mut user_1 = signal(SignalKind::user_defined1())?;
    let mut user_2 = signal(SignalKind::user_defined2())?;
    Ok(async move {
        let name = loop {
            let ignored = tokio::select! {
                _ = terminate.recv() => break "SIGTERM",
                _ = interrupt.recv() => break "SIGINT",
                _ = hangup.recv() => "SIGHUP",
                _ = user_1.recv() => "SIGUSR1",
                _ = user_2.recv() => "SIGUSR2",
            };
            tracing::info!(signal = ignored, "ignored: it means nothing to this process");
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
