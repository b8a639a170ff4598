//! Writes that may block.

use countersign_contract::types::SendError;

/// Runs a write to a local file or terminal where it holds up no other request.
pub(super) async fn write_aside(
    write: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> Result<(), SendError> {
    let written = tokio::task::spawn_blocking(write).await;
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(SendError::Other(error.kind().to_string())),
        Err(_) => Err(SendError::Unavailable),
    }
}
