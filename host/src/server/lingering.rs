//! Closes a connection such that its client can read the last answer.
//!
//! A socket that is closed with bytes in it that were not read is reset, and a reset loses the answer that the client
//! has not read yet: of a body that is too long, say, or that is not read since its request has no key. So what still
//! comes is read and dropped for a while (RFC 9112, section 9.6).

use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;

/// How long. What a client sends meanwhile costs no more than anything else that it may send.
pub(super) const LINGERS: Duration = Duration::from_secs(1);

/// Tells the client that nothing more comes, and waits for so long until it says the same.
pub(super) async fn close(mut stream: TcpStream, at_most: Duration) {
    // It fails where the client has gone.
    if stream.shutdown().await.is_ok() {
        let _ = tokio::time::timeout(at_most, copy(&mut stream, &mut sink())).await;
    }
}
