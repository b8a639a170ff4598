//! The server over real sockets, with a tiny router.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::Extension;
use axum::http::StatusCode;
use axum::routing::{get, post};
use countersign_http_api::ClientAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;

use super::*;

/// Requests of `/hold` wait until they are let go.
#[derive(Clone)]
struct Hold {
    entered: Arc<Semaphore>,
    leave: Arc<Notify>,
    done: Arc<AtomicUsize>,
}

impl Hold {
    fn new() -> Self {
        Self { entered: Arc::new(Semaphore::new(0)), leave: Arc::default(), done: Arc::default() }
    }

    async fn entered(&self, requests: u32) {
        self.entered.acquire_many(requests).await.unwrap().forget();
    }
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<bool>,
    hold: Hold,
}

async fn running(change: impl FnOnce(&mut ServerSettings)) -> Running {
    let mut settings =
        ServerSettings { listen: "127.0.0.1:0".parse().unwrap(), ..ServerSettings::default() };
    change(&mut settings);
    let hold = Hold::new();
    let held = hold.clone();
    let router = Router::new()
        .route("/healthz", get(|| async { "well" }))
        .route("/echo", post(|body: String| async { body }))
        .route("/panic", get(panicking))
        .route(
            "/whoami",
            get(
                |Extension(address): Extension<ClientAddress>| async move { address.0.to_string() },
            ),
        )
        .route(
            "/hold",
            get(move || {
                let hold = held.clone();
                async move {
                    let leave = hold.leave.notified();
                    hold.entered.add_permits(1);
                    leave.await;
                    hold.done.fetch_add(1, Ordering::SeqCst);
                    "held"
                }
            }),
        );
    let server = Server::bind(&settings).await.unwrap();
    let address = server.address();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.run(router, async {
        let _ = stopped.await;
    }));
    Running { address, stop, ended, hold }
}

async fn panicking() -> &'static str {
    panic!("123456")
}

struct Client(TcpStream);

impl Client {
    async fn connect(server: &Running) -> Self {
        Self(TcpStream::connect(server.address).await.unwrap())
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn get(&mut self, path: &str) {
        self.write(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    }

    /// One answer: its status and all of its text.
    async fn answer(&mut self) -> (StatusCode, String) {
        let mut text = Vec::new();
        loop {
            let read = self.0.read_buf(&mut text).await.unwrap();
            let seen = String::from_utf8(text.clone()).unwrap();
            let whole = seen.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                length.is_some_and(|length| body.len() >= length.parse().unwrap())
            });
            if whole || read == 0 {
                let status = seen.get(9..12).expect("an answer").parse().unwrap();
                return (status, seen);
            }
        }
    }

    /// Whether the server has closed without another word.
    async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let read = self.0.read_to_end(&mut rest).await;
        rest.is_empty() && matches!(read, Ok(0) | Err(_))
    }
}

async fn get_once(server: &Running, path: &str) -> (StatusCode, String) {
    let mut client = Client::connect(server).await;
    client.get(path).await;
    client.answer().await
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = running(|_| {}).await;
    let mut client = Client::connect(&server).await;
    for _ in 0..3 {
        client.get("/healthz").await;
        let (status, text) = client.answer().await;
        assert_eq!(status, StatusCode::OK, "{text}");
        assert!(text.ends_with("well"), "{text}");
    }
}

#[tokio::test]
async fn too_many_requests_are_shed_at_once_and_health_is_not() {
    let server = running(|settings| settings.max_concurrent_requests = 2).await;
    let mut holders = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(&server).await;
        client.get("/hold").await;
        holders.push(client);
    }
    server.hold.entered(2).await;

    let (status, text) = get_once(&server, "/hold").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.contains("retry-after: 1") && text.contains("\"code\":\"overloaded\""), "{text}");
    assert_eq!(get_once(&server, "/healthz").await.0, StatusCode::OK);

    server.hold.leave.notify_waiters();
    for mut client in holders {
        assert_eq!(client.answer().await.0, StatusCode::OK);
    }
    assert_eq!(get_once(&server, "/whoami").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_closed() {
    let server = running(|settings| settings.max_connections = 1).await;
    let mut first = Client::connect(&server).await;
    first.get("/hold").await;
    server.hold.entered(1).await;

    let mut second = Client::connect(&server).await;
    second.get("/whoami").await;
    let (status, text) = second.answer().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
    assert!(text.contains("overloaded"), "{text}");
    assert!(second.is_closed().await);
    assert_eq!(get_once(&server, "/healthz").await.0, StatusCode::OK);

    server.hold.leave.notify_waiters();
    assert_eq!(first.answer().await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let server = running(|settings| settings.request_timeout_seconds = 1).await;
    let (status, text) = get_once(&server, "/hold").await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT, "{text}");
    assert!(text.contains("\"code\":\"timeout\""), "{text}");
    assert_eq!(server.hold.done.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = running(|settings| settings.request_timeout_seconds = 1).await;
    let mut client = Client::connect(&server).await;
    client.write("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc").await;
    assert_eq!(client.answer().await.0, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off_and_a_resting_connection_is_not() {
    let server = running(|settings| settings.header_timeout_seconds = 1).await;
    let mut resting = Client::connect(&server).await;
    resting.get("/healthz").await;
    resting.answer().await;

    let mut silent = Client::connect(&server).await;
    let mut dripping = Client::connect(&server).await;
    dripping.write("GET /healthz HTTP/1.1\r\nhost:").await;
    let mut second_head = Client::connect(&server).await;
    second_head.get("/healthz").await;
    second_head.answer().await;
    second_head.write("GET /heal").await;
    assert!(silent.is_closed().await);
    for mut late in [dripping, second_head] {
        assert_eq!(late.answer().await.0, StatusCode::REQUEST_TIMEOUT);
        assert!(late.is_closed().await);
    }

    resting.get("/healthz").await;
    assert_eq!(resting.answer().await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_resting_connection_is_closed_in_the_end() {
    let server = running(|settings| settings.idle_timeout_seconds = 1).await;
    let mut client = Client::connect(&server).await;
    client.get("/healthz").await;
    client.answer().await;
    assert!(client.is_closed().await);
}

/// hyper has read the head of the second request when the first answer is written. Its connection doesn't rest then,
/// however long the answer takes, or the body.
#[tokio::test]
async fn a_request_that_came_with_the_one_before_is_no_rest() {
    const LONG: Duration = Duration::from_millis(600);
    const FIRST: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let server = running(|_| {}).await;
    let mut client = Client::connect(&server).await;
    client.write(&format!("{FIRST}GET /hold HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    assert_eq!(client.answer().await.0, StatusCode::OK);
    server.hold.entered(1).await;
    tokio::time::sleep(LONG).await;
    server.hold.leave.notify_waiters();
    let (status, text) = client.answer().await;
    assert!(status == StatusCode::OK && text.ends_with("held"), "{text}");

    let body = "GET /panic HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut client = Client::connect(&server).await;
    let head = format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    client.write(&format!("{FIRST}{head}")).await;
    assert_eq!(client.answer().await.0, StatusCode::OK);
    tokio::time::sleep(LONG).await;
    client.write(body).await;
    let (status, text) = client.answer().await;
    assert!(status == StatusCode::OK && text.ends_with(body), "{text}");
}

/// What follows on such a connection would be lost.
#[tokio::test]
async fn an_answer_before_the_end_of_a_body_says_that_the_connection_closes() {
    let server = running(|_| {}).await;
    for body in ["", "a", "ab"] {
        let mut client = Client::connect(&server).await;
        let head = "POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n";
        client.write(&format!("{head}{body}")).await;
        let (_, text) = client.answer().await;
        assert!(text.contains("connection: close"), "{body:?}: {text}");
    }
    let mut client = Client::connect(&server).await;
    client.get("/healthz").await;
    assert!(!client.answer().await.1.contains("connection: close"));
}

#[tokio::test]
async fn a_panic_is_that_requests_500_and_no_others() {
    let server = running(|_| {}).await;
    let mut client = Client::connect(&server).await;
    client.get("/panic").await;
    let (status, text) = client.answer().await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text.contains("\"code\":\"internal\"") && !text.contains("123456"), "{text}");
    client.get("/healthz").await;
    assert_eq!(client.answer().await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_forwarding_header_counts_from_a_trusted_proxy_only() {
    let request = "GET /whoami HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 198.51.100.7\r\n\r\n";
    for (trusted, expected) in [("192.0.2.0/24", "127.0.0.1"), ("127.0.0.0/8", "198.51.100.7")] {
        let server =
            running(|settings| settings.trusted_proxies = vec![trusted.parse().unwrap()]).await;
        let mut client = Client::connect(&server).await;
        client.write(request).await;
        let (_, text) = client.answer().await;
        assert!(text.ends_with(&format!("\r\n\r\n{expected}")), "{text}");
    }
}

#[tokio::test]
async fn shutdown_answers_what_was_asked_and_takes_nothing_new() {
    let server = running(|_| {}).await;
    let mut resting = Client::connect(&server).await;
    resting.get("/healthz").await;
    resting.answer().await;
    let mut holders = Vec::new();
    for _ in 0..20 {
        let mut client = Client::connect(&server).await;
        client.get("/hold").await;
        holders.push(client);
    }
    server.hold.entered(20).await;

    server.stop.send(()).unwrap();
    while TcpStream::connect(server.address).await.is_ok() {}
    server.hold.leave.notify_waiters();
    for mut client in holders {
        let (status, text) = client.answer().await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains("connection: close"), "{text}");
        assert!(client.is_closed().await);
    }
    assert!(resting.is_closed().await);
    assert!(server.ended.await.unwrap(), "all were answered");
}

#[tokio::test]
async fn connections_that_the_kernel_took_are_answered_at_shutdown() {
    let settings =
        ServerSettings { listen: "127.0.0.1:0".parse().unwrap(), ..ServerSettings::default() };
    let server = Server::bind(&settings).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = Client(TcpStream::connect(server.address()).await.unwrap());
        client.get("/healthz").await;
        clients.push(client);
    }
    let router = Router::new().route("/healthz", get(|| async { "well" }));
    let ended = tokio::spawn(server.run(router, std::future::ready(())));
    for mut client in clients {
        assert_eq!(client.answer().await.0, StatusCode::OK);
    }
    assert!(ended.await.unwrap());
}

#[tokio::test]
async fn shutdown_ends_with_its_grace() {
    let server = running(|settings| settings.shutdown_grace_seconds = 1).await;
    let mut client = Client::connect(&server).await;
    client.get("/hold").await;
    server.hold.entered(1).await;
    server.stop.send(()).unwrap();
    assert!(!server.ended.await.unwrap(), "one was cut off");
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let server = running(|_| {}).await;
    let settings = ServerSettings { listen: server.address.into(), ..ServerSettings::default() };
    let Err(error) = Server::bind(&settings).await else { panic!("bound twice") };
    let text = error.to_string();
    assert!(text.contains("server.listen") && text.contains(&server.address.to_string()), "{text}");
}
