//! An answer's way to the runtime.

use bytes::Bytes;
use http::Response;

use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use crate::bindings::wasi::io::streams::{OutputStream, StreamError};

/// Answers. What the runtime takes of the body without waiting is handed over before the head is, so that both leave in
/// one segment: all of it, with the runtimes that we know.
pub(crate) fn send(out: ResponseOutparam, response: &Response<Bytes>) {
    let Some(head) = head(response) else {
        return ResponseOutparam::set(out, Err(ErrorCode::InternalError(None)));
    };
    let Ok(body) = head.body() else {
        return ResponseOutparam::set(out, Err(ErrorCode::InternalError(None)));
    };
    let Ok(stream) = body.write() else {
        return ResponseOutparam::set(out, Err(ErrorCode::InternalError(None)));
    };
    let rest = write(&stream, response.body());
    // A client that has gone wants no rest.
    match rest {
        Ok([]) | Err(_) => {
            drop(stream);
            let _ = OutgoingBody::finish(body, None);
            ResponseOutparam::set(out, Ok(head));
        }
        Ok(mut rest) => {
            ResponseOutparam::set(out, Ok(head));
            while let Ok(left) = write(&stream, rest)
                && !left.is_empty()
            {
                rest = left;
                stream.subscribe().block();
            }
            drop(stream);
            let _ = OutgoingBody::finish(body, None);
        }
    }
}

fn head(response: &Response<Bytes>) -> Option<OutgoingResponse> {
    let fields = Fields::new();
    for (name, value) in response.headers() {
        fields.append(name.as_str(), value.as_bytes()).ok()?;
    }
    let head = OutgoingResponse::new(fields);
    head.set_status_code(response.status().as_u16()).ok()?;
    Some(head)
}

/// Writes what is taken without waiting; gives back the rest.
fn write<'a>(stream: &OutputStream, mut bytes: &'a [u8]) -> Result<&'a [u8], StreamError> {
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        let Some((chunk, rest)) = bytes.split_at_checked(room.min(bytes.len())) else { break };
        if chunk.is_empty() {
            break;
        }
        stream.write(chunk)?;
        bytes = rest;
    }
    Ok(bytes)
}
