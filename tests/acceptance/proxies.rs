//! Whose request it is behind a proxy: a matter of the native host.

use countersign_tests::client::{Answer, Client};
use countersign_tests::process::Host;
use countersign_tests::settings::{self, Workplace};
use hyper::header::HeaderName;

use crate::calls::{issue, phone};

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms"]
limits = [{ scope = "ip", on = "send", max = 1, window_seconds = 2678400 }]
"#;

async fn host(workplace: &Workplace, server: &str) -> Host {
    let server = format!("{}{server}\n", settings::SERVER);
    let senders = workplace.senders(&["sms"]);
    let sections = [&server, settings::MEMORY, &senders, settings::KEYS, RULES];
    Host::start(&workplace.config("countersign.toml", &sections).unwrap()).await.unwrap()
}

async fn through(client: &Client, forwarded_for: &str, number: u32) -> Answer {
    let client = client.with_header(HeaderName::from_static("x-forwarded-for"), forwarded_for);
    issue(&client, "login", &phone(number)).await
}

#[tokio::test]
async fn a_trusted_proxy_tells_whose_request_it_is() {
    let workplace = Workplace::new().unwrap();
    let host = host(&workplace, "trusted_proxies = [\"127.0.0.0/8\"]").await;
    let client = Client::new(host.address());
    assert_eq!(through(&client, "203.0.113.1, 198.51.100.7", 1).await.status, 201);
    assert_eq!(through(&client, "203.0.113.2, 198.51.100.7", 2).await.text_of("scope"), "ip");
    assert_eq!(through(&client, "203.0.113.1, 198.51.100.8", 3).await.status, 201);
}

#[tokio::test]
async fn the_header_of_a_stranger_is_ignored() {
    let workplace = Workplace::new().unwrap();
    let host = host(&workplace, "").await;
    let client = Client::new(host.address());
    assert_eq!(through(&client, "198.51.100.7", 1).await.status, 201);
    assert_eq!(through(&client, "198.51.100.8", 2).await.text_of("scope"), "ip");
}
