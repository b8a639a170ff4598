//! Where services are, and what may be wrong with their settings.

use countersign_contract::Secret;

use super::*;
use crate::protocol::checks::Checks;

pub(super) const KEY_ID: &str = "AKIDEXAMPLEEXAMPLE";
const ACTION: Action = Action {
    host: "sns",
    signing_name: "sns",
    path: "/",
    content_type: "text/plain",
    target: None,
};

fn open(region: &str, key_id: &str, secret: &str, url: Option<&str>) -> Result<Client, String> {
    let mut checks = Checks::new("senders.sms");
    let access = Access {
        region,
        access_key_id: &Secret::new(key_id.into()),
        secret_access_key: &Secret::new(secret.into()),
        session_token: None,
        url,
    };
    let client = Client::open(&access, &ACTION, &mut checks);
    checks.finish(|| client).map_err(|problems| problems.to_string())
}

fn url_of(region: &str, url: Option<&str>) -> String {
    open(region, KEY_ID, "secret", url).unwrap().url.to_string()
}

#[test]
fn a_region_says_where_the_service_is() {
    for (region, url) in [
        ("us-east-1", "https://sns.us-east-1.amazonaws.com/"),
        ("ap-south-1", "https://sns.ap-south-1.amazonaws.com/"),
        ("us-gov-west-1", "https://sns.us-gov-west-1.amazonaws.com/"),
        ("cn-north-1", "https://sns.cn-north-1.amazonaws.com.cn/"),
        ("eusc-de-east-1", "https://sns.eusc-de-east-1.amazonaws.eu/"),
    ] {
        assert_eq!(url_of(region, None), url);
    }
}

#[test]
fn a_url_takes_the_place_of_what_the_region_says() {
    for (url, expected) in [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        (
            "https://vpce-1.sns.eu-west-1.vpce.amazonaws.com/",
            "https://vpce-1.sns.eu-west-1.vpce.amazonaws.com/",
        ),
        ("https://proxy.example/aws/", "https://proxy.example/aws/"),
    ] {
        assert_eq!(url_of("eu-west-1", Some(url)), expected);
    }
}

#[test]
fn no_region_leads_elsewhere() {
    for region in [
        "",
        "us",
        "us-east",
        "-1",
        "us--1",
        "US-EAST-1",
        "us-east-1.evil.example/",
        "us-east-1#",
        "evil.example/x-1-1",
        "a@b-c-1",
        "us-east-1 ",
        &format!("us-{}-1", "x".repeat(32)),
    ] {
        let problem = open(region, KEY_ID, "secret", None).err().unwrap();
        assert!(problem.starts_with("senders.sms.region: "), "{region}: {problem}");
        assert_eq!(problem.lines().count(), 1, "{problem}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_not_repeated() {
    let problems = open("hunter2", "hunter2", "hunter 2", Some("http://hunter2/")).err().unwrap();
    let fields: Vec<_> = problems.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "senders.sms.region",
            "senders.sms.access_key_id",
            "senders.sms.secret_access_key",
            "senders.sms.url"
        ]
    );
    assert!(!problems.contains("hunter"), "{problems}");
    let query = open("eu-west-1", KEY_ID, "secret", Some("https://a.example/?b")).err().unwrap();
    assert!(query.starts_with("senders.sms.url: must not have a query"), "{query}");
}
