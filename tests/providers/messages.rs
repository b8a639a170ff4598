//! The words that reach a person: built in, or an operator's own.

use std::fs;

use countersign_tests::client::Answer;
use countersign_tests::counterpart::{Behaviour, Counterpart};
use countersign_tests::process;
use countersign_tests::settings::{self, Workplace};
use countersign_tests::surface::{Kind, Plan, Surface};
use serde_json::{Value, json};

const RULES: &str = r#"
[purposes.login]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0

[purposes.wallet_funding]
verify_by = "both"
channels = ["sms"]
cooldown_seconds = 0
"#;

/// Text messages by Twilio, whose requests hold the words as they are.
struct Stand {
    counterpart: Counterpart,
    surface: Surface,
}

impl Stand {
    async fn start(kind: Kind, messages: Value) -> Self {
        let counterpart = Counterpart::start().await.unwrap();
        let body = br#"{"sid": "SM00000000000000000000000000000001", "status": "queued"}"#;
        let headers = vec![("content-type".into(), "application/json".into())];
        let taken = Behaviour::Answer { status: 201, headers, body: body.to_vec() };
        counterpart.usually("/", taken);
        let origin = counterpart.origin();
        let senders = json!({ "sms": twilio(&origin) });
        let plan = Plan { rules: RULES, senders, messages, public_url: None, origin };
        let surface = Surface::start(kind, &plan).await.unwrap();
        Self { counterpart, surface }
    }

    async fn issue(&self, purpose: &str, locale: Option<&str>, reference: Option<&str>) -> Answer {
        let body = json!({
            "purpose": purpose,
            "channel": "sms",
            "to": "+6281234567890",
            "locale": locale,
            "reference": reference,
        });
        self.surface.client().post("/v1/challenges", &body).await
    }

    /// The text that the person gets, with `CODE` for the code.
    async fn text(&self, purpose: &str, locale: Option<&str>) -> String {
        let issued = self.issue(purpose, locale, None).await;
        assert_eq!(issued.status, 201, "{issued:?}\n{}", self.surface.output());
        let requests = self.counterpart.requests();
        let request = requests.last().unwrap();
        let mut fields = request.body.split('&');
        let text = fields.find_map(|field| field.strip_prefix("Body=")).unwrap();
        let text = decoded(text);
        let code: String = text
            .split(|sign: char| !sign.is_ascii_digit())
            .find(|word| word.len() == 6)
            .unwrap()
            .into();
        text.replace(&code, "CODE")
    }
}

fn twilio(origin: &str) -> Value {
    json!({
        "type": "twilio_sms",
        "account_sid": "AC00000000000000000000000000000001",
        "auth_token": "0123456789abcdef0123456789abcdef",
        "from": "+15005550006",
        "url": origin,
    })
}

/// A value of a form.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (code, others) = others.split_at(2);
                let code = std::str::from_utf8(code).unwrap();
                bytes.push(u8::from_str_radix(code, 16).unwrap());
                rest = others;
                continue;
            }
            sign => bytes.push(*sign),
        }
        rest = others;
    }
    String::from_utf8(bytes).unwrap()
}

async fn each_person_reads_their_language(kind: Kind) {
    let stand = Stand::start(kind, json!({ "brand": "Acme", "default_locale": "id" })).await;
    for (locale, expected) in [
        (Some("en"), "CODE is your Acme code. Valid for 5 minutes."),
        (Some("en-GB"), "CODE is your Acme code. Valid for 5 minutes."),
        (Some("ru"), "CODE"),
        (Some("uz"), "5 daqiqa"),
        (Some("hi-IN"), "5 मिनट"),
        // The default, for who asks for nothing and for who asks for what there isn't.
        (None, "Berlaku 5 menit"),
        (Some("fr"), "Berlaku 5 menit"),
    ] {
        let text = stand.text("login", locale).await;
        assert!(text.contains(expected), "{locale:?}: {text}");
    }
    assert!(stand.text("login", Some("ru")).await.contains("5 минут"));
}

async fn an_operator_s_words_go_before_ours(kind: Kind) {
    let messages = json!({
        "origin_host": "example.com",
        "templates": {
            "sms.en.txt": "Acme: {{ code }}",
            "wallet_funding/sms.en.txt":
                "Acme pays: {{ code }}{% if reference %} for {{ reference }}{% endif %}",
        },
    });
    let stand = Stand::start(kind, messages).await;
    let text = stand.text("login", None).await;
    assert_eq!(text, "Acme: CODE\n@example.com #CODE");
    let text = stand.text("wallet_funding", None).await;
    assert_eq!(text, "Acme pays: CODE\n@example.com #CODE");
    assert!(stand.text("login", Some("id")).await.contains("Berlaku"));
}

async fn a_text_beyond_the_bound_is_not_sent(kind: Kind) {
    let messages = json!({
        "max_sms_segments": 1,
        "templates": { "sms.en.txt": "{{ code }}{% if reference %} {{ reference }}{% endif %}" },
    });
    let stand = Stand::start(kind, messages).await;
    let long = "x".repeat(200);
    let refused = stand.issue("login", None, Some(&long)).await;
    assert_eq!(
        (&refused.json["code"], &refused.json["kind"]),
        (&json!("delivery_failed"), &json!("other"))
    );
    assert!(stand.counterpart.requests().is_empty());
    assert_eq!(stand.issue("login", None, Some("short")).await.status, 201);
}

#[tokio::test]
async fn a_folder_s_files_are_templates_and_a_bad_one_stops_the_start() {
    let workplace = Workplace::new().unwrap();
    let folder = workplace.path().join("templates");
    fs::create_dir_all(folder.join("login")).unwrap();
    fs::write(folder.join("login/sms.en.txt"), "Ours: {{ code }}").unwrap();
    let counterpart = Counterpart::start().await.unwrap();
    let sms = format!(
        "[senders.sms]\n{}[messages]\nfolder = '{}'\n",
        toml::to_string(&twilio(&counterpart.origin())).unwrap(),
        folder.display()
    );
    let config = workplace
        .config("c.toml", &[settings::SERVER, settings::MEMORY, settings::KEYS, RULES, &sms])
        .unwrap();
    let check = async || {
        let mut command = process::command(Some(&config)).unwrap();
        command.args(["config", "check"]);
        process::run(command, "").await.unwrap()
    };
    let good = check().await;
    assert!(good.status.success(), "{good:?}");
    for (text, told) in [
        ("Ours: {{ cod }}", "cod"),
        ("Ours", "code"),
        ("{{ code }} {{ code }}", "once"),
        ("{{ code }} {{ recipient }}", "recipient"),
        ("{% if %}{{ code }}", "line 1"),
    ] {
        fs::write(folder.join("login/sms.en.txt"), text).unwrap();
        let refused = check().await;
        let output = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{text}: {output}");
        assert!(output.contains("messages.templates.login/sms.en.txt"), "{text}: {output}");
        assert!(output.contains(told), "{text}: {output}");
    }
}

in_both! {
    a_text_beyond_the_bound_is_not_sent
    an_operator_s_words_go_before_ours
    each_person_reads_their_language
}
