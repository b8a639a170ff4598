//! Which provider is asked, in which order, and when no other is: over webhooks whose answers a test scripts.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;

use super::*;
use crate::messages::{MessagesSettings, Texts};
use crate::routing::breaker::{BreakerState, Change};
use crate::routing::senders::{MAX_IN_FLIGHT, Terms, http_only};
use crate::settings::SendersSettings;

const NOW: u64 = 1_795_208_661;

/// What one provider answers, in turn; the last for ever.
type Script = Vec<Result<u16, TransportError>>;

/// Answers by host, and remembers who was asked.
struct Scripted {
    now: AtomicU64,
    scripts: Mutex<BTreeMap<String, Script>>,
    asked: Mutex<Vec<String>>,
    patience: Mutex<Vec<u64>>,
}

impl Scripted {
    fn new(scripts: &[(&str, &[Result<u16, TransportError>])]) -> Self {
        let scripts = scripts.iter().map(|(host, script)| ((*host).into(), script.to_vec()));
        Self {
            now: AtomicU64::new(NOW),
            scripts: Mutex::new(scripts.collect()),
            asked: Mutex::default(),
            patience: Mutex::new(vec![15]),
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Carrier for Scripted {
    type Native = ();

    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Relaxed))
    }

    fn patience(&self) -> Duration {
        let mut left = self.patience.lock().unwrap();
        let seconds = if left.len() > 1 { left.remove(0) } else { left[0] };
        Duration::from_secs(seconds)
    }

    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let host = request.uri().host().unwrap().to_owned();
        self.asked.lock().unwrap().push(host.clone());
        let mut scripts = self.scripts.lock().unwrap();
        let script = scripts.get_mut(&host).unwrap();
        let answer = if script.len() > 1 { script.remove(0) } else { script[0] };
        answer.map(|status| Response::builder().status(status).body(Vec::new()).unwrap())
    }

    async fn hand_over(&self, (): &(), _: &Message) -> Result<Accepted, Unsent> {
        unreachable!("nothing native is configured")
    }
}

/// Webhooks named by their hosts, a list for each channel.
fn senders(channels: &[(&str, &[&str])]) -> Senders<()> {
    with_terms(channels, Terms::default())
}

fn with_terms(channels: &[(&str, &[&str])], terms: Terms) -> Senders<()> {
    let channels: Vec<_> = channels
        .iter()
        .map(|(channel, hosts)| {
            let list: Vec<_> = hosts
                .iter()
                .map(|host| {
                    format!(
                        r#"{{"type": "webhook", "url": "https://{host}/",
                            "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}}"#
                    )
                })
                .collect();
            format!(r#""{channel}": [{}]"#, list.join(","))
        })
        .collect();
    let text = format!("{{{}}}", channels.join(","));
    let texts = Texts::open(&MessagesSettings::default()).unwrap();
    Senders::open(&SendersSettings::from_json(&text).unwrap(), texts, terms, http_only).unwrap()
}

fn message() -> Message {
    Message { challenge_id: "login.x".into(), ..Message::example(Channel::Sms, Content::None) }
}

const SMS: &[Channel] = &[Channel::Sms];
const WHATSAPP_SMS: &[Channel] = &[Channel::Whatsapp, Channel::Sms];

fn sent(
    senders: &Senders<()>,
    carrier: &Scripted,
    channels: &[Channel],
    may_send_twice: bool,
) -> (Result<Channel, SendError>, Vec<Event>) {
    let mut events = Vec::new();
    let order = Order { channels, may_send_twice };
    let delivered =
        deliver(senders, carrier, message(), order, |event| events.push(event)).now_or_never();
    (delivered.unwrap().map(|delivered| delivered.channel), events)
}

#[test]
fn the_next_provider_is_asked_where_the_message_certainly_did_not_go_out() {
    for failed in [Ok(500), Ok(503), Ok(429), Err(TransportError::Unreachable)] {
        let carrier = Scripted::new(&[("a", &[failed]), ("b", &[Ok(202)])]);
        let (outcome, events) = sent(&senders(&[("sms", &["a", "b"])]), &carrier, SMS, false);
        assert_eq!(outcome, Ok(Channel::Sms), "{failed:?}");
        assert_eq!(carrier.asked(), ["a", "b"]);
        assert!(matches!(
            &events[..],
            [Event::Failed(first, _), Event::Accepted(second)]
                if first == "sms-webhook" && second == "sms-webhook-2"
        ));
    }
}

#[test]
fn no_other_provider_is_asked_after_a_refusal() {
    for status in [400, 401, 403, 404, 422, 301] {
        let carrier = Scripted::new(&[("a", &[Ok(status)]), ("b", &[Ok(202)])]);
        let (outcome, _) = sent(&senders(&[("sms", &["a", "b"])]), &carrier, SMS, true);
        assert!(outcome.is_err(), "{status}");
        assert_eq!(carrier.asked(), ["a"], "{status}");
    }
}

#[test]
fn no_other_provider_is_asked_where_the_message_may_have_gone_out() {
    for uncertain in [Ok(502), Ok(504), Err(TransportError::TimedOut), Err(TransportError::Broken)]
    {
        let senders = senders(&[("whatsapp", &["a", "b"]), ("sms", &["c"])]);
        let carrier = Scripted::new(&[("a", &[uncertain]), ("b", &[Ok(202)]), ("c", &[Ok(202)])]);
        let (outcome, _) = sent(&senders, &carrier, WHATSAPP_SMS, false);
        assert!(outcome.unwrap_err().is_uncertain());
        assert_eq!(carrier.asked(), ["a"]);
        let (outcome, _) = sent(&senders, &carrier, WHATSAPP_SMS, true);
        assert_eq!(outcome, Ok(Channel::Whatsapp));
        assert_eq!(carrier.asked(), ["a", "b"]);
    }
}

#[test]
fn the_next_channel_is_tried_also_after_a_refusal() {
    for status in [400, 401, 404, 429, 500] {
        let senders = senders(&[("whatsapp", &["a"]), ("sms", &["b"])]);
        let carrier = Scripted::new(&[("a", &[Ok(status)]), ("b", &[Ok(202)])]);
        let (outcome, _) = sent(&senders, &carrier, WHATSAPP_SMS, false);
        assert_eq!(outcome, Ok(Channel::Sms), "{status}");
        assert_eq!(carrier.asked(), ["a", "b"]);
    }
}

#[test]
fn a_channel_without_a_provider_is_passed_over_and_told() {
    let senders = senders(&[("sms", &["a"])]);
    let carrier = Scripted::new(&[("a", &[Ok(202)])]);
    let (outcome, events) = sent(&senders, &carrier, WHATSAPP_SMS, false);
    assert_eq!(outcome, Ok(Channel::Sms));
    assert!(matches!(
        &events[..],
        [Event::Channel(Channel::Whatsapp, SendError::NotConfigured(text)), Event::Accepted(..)]
            if text == "`whatsapp` has no provider: set senders.whatsapp"
    ));
    let (outcome, _) = sent(&senders, &carrier, &[Channel::Email], false);
    assert!(matches!(outcome, Err(SendError::NotConfigured(_))));
}

#[test]
fn an_uncertain_failure_is_what_the_caller_hears_of() {
    let senders = senders(&[("sms", &["a", "b"])]);
    let carrier = Scripted::new(&[("a", &[Err(TransportError::TimedOut)]), ("b", &[Ok(500)])]);
    let (outcome, _) = sent(&senders, &carrier, SMS, true);
    assert_eq!(outcome, Err(SendError::Timeout));
    assert_eq!(carrier.asked(), ["a", "b"]);
}

#[test]
fn no_provider_is_asked_once_time_is_up() {
    let senders = senders(&[("sms", &["a", "b"])]);
    let carrier = Scripted::new(&[("a", &[Ok(500)]), ("b", &[Ok(202)])]);
    *carrier.patience.lock().unwrap() = vec![15, 0];
    assert_eq!(sent(&senders, &carrier, SMS, false).0, Err(SendError::Unavailable));
    assert_eq!(carrier.asked(), ["a"]);
    assert_eq!(sent(&senders, &carrier, SMS, false).0, Err(SendError::Timeout));
    assert!(carrier.asked().is_empty());
}

#[test]
fn a_provider_that_keeps_failing_is_left_alone_and_tried_again() {
    let senders = senders(&[("sms", &["a", "b"])]);
    let mut script = vec![Err(TransportError::Unreachable); 5];
    script.push(Ok(202));
    let carrier = Scripted::new(&[("a", &script), ("b", &[Ok(202)])]);
    let state = || senders.routes().next().unwrap().state(carrier.now());
    for _ in 0..5 {
        sent(&senders, &carrier, SMS, false).0.unwrap();
        assert_eq!(carrier.asked(), ["a", "b"]);
    }
    assert_eq!(state(), BreakerState::Open);
    let (outcome, events) = sent(&senders, &carrier, SMS, false);
    assert_eq!(outcome, Ok(Channel::Sms));
    let passed = Event::Passed("sms-webhook".into(), Barred::Open(30));
    assert_eq!(events, [passed, Event::Accepted("sms-webhook-2".into())]);
    assert_eq!(carrier.asked(), ["b"]);
    carrier.now.store(NOW + 30, Ordering::Relaxed);
    assert_eq!(state(), BreakerState::HalfOpen);
    let (_, events) = sent(&senders, &carrier, SMS, false);
    assert_eq!(carrier.asked(), ["a"]);
    let closed = Event::Breaker("sms-webhook".into(), Change::Closed);
    assert_eq!(events, [closed, Event::Accepted("sms-webhook".into())]);
    assert_eq!(state(), BreakerState::Closed);
}

#[test]
fn a_lone_provider_that_is_left_alone_is_unavailable_at_once() {
    let senders = senders(&[("sms", &["a"])]);
    let carrier = Scripted::new(&[("a", &[Err(TransportError::TimedOut)])]);
    for _ in 0..5 {
        assert_eq!(sent(&senders, &carrier, SMS, false).0, Err(SendError::Timeout));
    }
    carrier.asked();
    assert_eq!(sent(&senders, &carrier, SMS, false).0, Err(SendError::Unavailable));
    assert!(carrier.asked().is_empty());
}

#[test]
fn a_provider_has_so_many_messages_at_once_and_no_more() {
    let senders = senders(&[("sms", &["a"])]);
    let carrier = Scripted::new(&[("a", &[Ok(202)])]);
    let route = &senders.of(Channel::Sms)[0];
    let passes: Vec<_> =
        (0..MAX_IN_FLIGHT).map(|_| route.enter(carrier.now()).ok().unwrap()).collect();
    let (outcome, events) = sent(&senders, &carrier, SMS, false);
    assert_eq!(outcome, Err(SendError::Throttled(None)));
    assert_eq!(events, [Event::Passed("sms-webhook".into(), Barred::Busy)]);
    drop(passes);
    assert_eq!(sent(&senders, &carrier, SMS, false).0, Ok(Channel::Sms));
}

#[test]
fn a_caller_that_goes_away_leaves_no_message_in_flight_and_no_trial_open() {
    let senders = senders(&[("sms", &["a"])]);
    let carrier = Scripted::new(&[("a", &[Err(TransportError::Unreachable)])]);
    for _ in 0..5 {
        sent(&senders, &carrier, SMS, false).0.unwrap_err();
    }
    carrier.now.store(NOW + 30, Ordering::Relaxed);
    let route = &senders.of(Channel::Sms)[0];
    drop(route.enter(carrier.now()).ok().unwrap());
    assert!(route.enter(carrier.now()).is_ok());
}

#[test]
fn every_provider_reports_under_its_own_name() {
    let callbacks_url = Some("https://otp.example/v1/callbacks".into());
    let terms = Terms { callbacks_url, ..Terms::default() };
    let senders = with_terms(&[("sms", &["a", "b"])], terms);
    let urls: Vec<_> = senders.routes().map(|route| senders.callback_url(route).unwrap()).collect();
    assert_eq!(
        urls,
        [
            "https://otp.example/v1/callbacks/sms-webhook",
            "https://otp.example/v1/callbacks/sms-webhook-2"
        ]
    );
}

#[test]
fn who_asks_to_be_left_alone_is_and_the_caller_hears_for_how_long() {
    let senders = senders(&[("sms", &["a"])]);
    let carrier = Scripted::new(&[("a", &[Ok(202)])]);
    let throttled = SendError::Throttled(Some(60));
    let pass = senders.of(Channel::Sms)[0].enter(carrier.now()).ok().unwrap();
    pass.settle(Err(&throttled), carrier.now());
    assert_eq!(sent(&senders, &carrier, SMS, false).0, Err(throttled));
    assert!(carrier.asked().is_empty());
}

/// Refuses each of the first messages with this body, and takes the next.
struct Limited {
    refusals: AtomicU64,
    body: &'static str,
}

impl Carrier for Limited {
    type Native = ();

    fn now(&self) -> Timestamp {
        Timestamp(NOW)
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(15)
    }

    async fn call(&self, _: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let left = self.refusals.load(Ordering::Relaxed);
        self.refusals.store(left.saturating_sub(1), Ordering::Relaxed);
        let (status, body) =
            if left > 0 { (400, self.body) } else { (200, r#"{"messages":[{"id":"wamid.x"}]}"#) };
        Ok(Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap())
    }

    async fn hand_over(&self, (): &(), _: &Message) -> Result<Accepted, Unsent> {
        unreachable!("nothing native is configured")
    }
}

/// One recipient who is written to too often shuts no other recipient out.
#[test]
fn a_limit_towards_one_recipient_does_not_count_against_the_provider() {
    let settings = r#"{"whatsapp": {"type": "meta_whatsapp", "phone_number_id": "106540352242922",
        "access_token": "EAAJB", "template": "login_otp", "language": "id"}}"#;
    for (body, is_spared) in [
        (r#"{"error":{"code":131056}}"#, true),
        (r#"{"error":{"code":"131056"}}"#, true),
        (r#"{"error":{"code":130429}}"#, false),
    ] {
        let senders = Senders::open(
            &SendersSettings::from_json(settings).unwrap(),
            Texts::open(&MessagesSettings::default()).unwrap(),
            Terms::default(),
            http_only,
        )
        .unwrap();
        let carrier = Limited { refusals: AtomicU64::new(5), body };
        let send = || {
            let order = Order { channels: &[Channel::Whatsapp], may_send_twice: false };
            let sent = deliver(&senders, &carrier, message(), order, |_| ());
            sent.now_or_never().unwrap().map(|delivered| delivered.channel)
        };
        for _ in 0..5 {
            assert_eq!(send(), Err(SendError::Throttled(None)), "{body}");
        }
        let states: Vec<_> = senders.routes().map(|route| route.state(Timestamp(NOW))).collect();
        assert_eq!(states == [BreakerState::Closed], is_spared, "{body}");
        assert_eq!(send().is_ok(), is_spared, "{body}");
    }
}
