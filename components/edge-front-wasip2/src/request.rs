//! A request as the runtime has it, as the HTTP surface wants it.

use http::{Method, Request, Uri};

use crate::bindings::wasi::http::types::{ErrorCode, IncomingRequest, Method as WasiMethod};
use crate::body::Incoming;
use crate::patience::Patience;

/// Reads all but the body.
///
/// # Errors
/// Where it is none that HTTP could carry.
pub(crate) fn read(
    request: IncomingRequest,
    patience: &Patience,
) -> Result<Request<Incoming>, ErrorCode> {
    let path = request.path_with_query();
    let uri: Uri = path
        .as_deref()
        .filter(|path| !path.is_empty())
        .unwrap_or("/")
        .parse()
        .map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    let method = method(&request.method()).ok_or(ErrorCode::HttpRequestMethodInvalid)?;
    let mut read = Request::builder().method(method).uri(uri);
    // Those that the runtime hands out are gone before the request is: it would trap otherwise.
    for (name, value) in request.headers().entries() {
        read = read.header(name, value);
    }
    read.body(Incoming::of(&request, patience)).map_err(|_| ErrorCode::HttpProtocolError)
}

fn method(method: &WasiMethod) -> Option<Method> {
    Some(match method {
        WasiMethod::Get => Method::GET,
        WasiMethod::Head => Method::HEAD,
        WasiMethod::Post => Method::POST,
        WasiMethod::Put => Method::PUT,
        WasiMethod::Delete => Method::DELETE,
        WasiMethod::Connect => Method::CONNECT,
        WasiMethod::Options => Method::OPTIONS,
        WasiMethod::Trace => Method::TRACE,
        WasiMethod::Patch => Method::PATCH,
        WasiMethod::Other(name) => Method::from_bytes(name.as_bytes()).ok()?,
    })
}
