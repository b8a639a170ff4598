//! A provider that wants a login, against a server that gives and refuses tokens.

use std::cell::{Cell, RefCell};

use countersign_contract::Secret;
use countersign_contract::types::Channel;
use futures_util::FutureExt as _;
use http::header::AUTHORIZATION;

use super::*;
use crate::messages::content::Content;

const NOW: Timestamp = Timestamp(1_000);
/// How long the tokens of a login are good.
const TOKEN_SECONDS: u64 = 1_000;
const END: Timestamp = Timestamp(NOW.0 + TOKEN_SECONDS);

/// Logs in at `/login`, sends to `/send` with the token.
struct WithLogin;

impl Provider for WithLogin {
    fn provider_type(&self) -> &'static str {
        "with_login"
    }

    fn origin(&self) -> String {
        "https://example.com".to_owned()
    }

    fn wants_login(&self) -> bool {
        true
    }

    fn request(
        &self,
        _: &Message,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<Request<Vec<u8>>, SendError> {
        let request = match session.token(now) {
            Some(token) => {
                Request::post("https://p.example/send").header(AUTHORIZATION, token.expose())
            }
            None => Request::post("https://p.example/login"),
        };
        Ok(request.body(b"four".to_vec()).unwrap())
    }

    fn response(
        &self,
        response: Response<&[u8]>,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<Progress, SendError> {
        match (session.has_token(), response.status().as_u16()) {
            (false, 200) => {
                let token = String::from_utf8(response.body().to_vec()).unwrap();
                session.keep(Secret::new(token), Timestamp(now.0 + TOKEN_SECONDS));
                Ok(Progress::Again)
            }
            (true, 200) => Ok(Progress::Accepted(Accepted { message_id: Some("m1".into()) })),
            (true, 401) => {
                session.forget();
                Ok(Progress::Again)
            }
            _ => Err(SendError::Unauthorised),
        }
    }
}

fn message() -> Message {
    Message {
        challenge_id: "login.x".into(),
        expires_at: Timestamp(1_300),
        ..Message::example(Channel::Sms, Content::None)
    }
}

/// A server whose only good token is `good`, and which gives `given` to who logs in.
struct Server {
    good: &'static str,
    given: &'static str,
    paths: Vec<String>,
}

impl Server {
    fn new(good: &'static str, given: &'static str) -> Self {
        Self { good, given, paths: Vec::new() }
    }

    fn send(&mut self, session: &mut Session, now: Timestamp) -> Result<Accepted, SendError> {
        let server = RefCell::new(self);
        sent(session, || now, |request| Ok(server.borrow_mut().answer(&request)))
    }

    fn answer(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        assert_eq!(request.headers()[CONTENT_LENGTH], "4");
        self.paths.push(request.uri().path().to_owned());
        let is_login = request.uri().path() == "/login";
        let is_good = request.headers().get(AUTHORIZATION).is_some_and(|token| token == self.good);
        let status = if is_login || is_good { 200 } else { 401 };
        let body = if is_login { self.given.into() } else { Vec::new() };
        Response::builder().status(status).body(body).unwrap()
    }
}

/// What becomes of the message, where no call takes any time.
fn sent(
    session: &mut Session,
    now: impl Fn() -> Timestamp,
    call: impl Fn(Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError>,
) -> Result<Accepted, SendError> {
    let call = |request| std::future::ready(call(request));
    let message = message();
    let sent = carry(&WithLogin, "senders.sms", &message, session, now, call);
    sent.now_or_never().unwrap().map_err(|unsent| unsent.error)
}

#[test]
fn a_login_comes_first_and_serves_the_messages_after_it() {
    let mut server = Server::new("t1", "t1");
    let mut session = Session::default();
    let accepted = server.send(&mut session, NOW).unwrap();
    assert_eq!(accepted.message_id.as_deref(), Some("m1"));
    server.send(&mut session, NOW).unwrap();
    assert_eq!(server.paths, ["/login", "/send", "/send"]);
    server.send(&mut session, END).unwrap();
    assert_eq!(server.paths[3..], ["/login", "/send"]);
}

#[test]
fn a_token_that_is_refused_is_renewed_within_the_message() {
    let mut server = Server::new("t2", "t2");
    let mut session = Session::default();
    session.keep(Secret::new("t1".into()), END);
    server.send(&mut session, NOW).unwrap();
    assert_eq!(server.paths, ["/send", "/login", "/send"]);
    assert!(session.has_token());
}

#[test]
fn a_provider_that_refuses_its_own_tokens_is_not_asked_for_ever() {
    let mut server = Server::new("none", "t1");
    let error = server.send(&mut Session::default(), NOW).unwrap_err();
    assert_eq!(error, SendError::Unauthorised);
    assert_eq!(server.paths.len(), MAX_EXCHANGES);
}

#[test]
fn a_token_that_ends_while_its_request_is_on_its_way_is_not_taken_for_a_login() {
    let now = Cell::new(Timestamp(END.0 - 1));
    let mut session = Session::default();
    session.keep(Secret::new("t1".into()), END);
    let server = RefCell::new(Server::new("t1", "t2"));
    let accepted = sent(
        &mut session,
        || now.get(),
        |request| {
            now.set(END);
            Ok(server.borrow_mut().answer(&request))
        },
    );
    assert!(accepted.is_ok(), "{accepted:?}");
    assert_eq!(server.borrow().paths, ["/send"]);
}

#[test]
fn a_call_without_an_answer_is_not_repeated() {
    for (failure, expected) in [
        (TransportError::Broken, SendError::Unreadable),
        (TransportError::TimedOut, SendError::Timeout),
        (TransportError::Unreachable, SendError::Unavailable),
    ] {
        let calls = Cell::new(0);
        let mut session = Session::default();
        session.keep(Secret::new("t1".into()), END);
        let fail = |_| {
            calls.set(calls.get() + 1);
            Err(failure)
        };
        assert_eq!(sent(&mut session, || NOW, fail), Err(expected));
        assert_eq!(calls.get(), 1);
        // Where it was the login's nothing is uncertain: the message never left.
        let outcome = sent(&mut Session::default(), || NOW, fail);
        assert_eq!(outcome, Err(SendError::Unavailable));
        assert_eq!(calls.get(), 2);
    }
}
