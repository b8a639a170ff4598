//! Provider protocols as data: a [`Message`] becomes an [`http::Request`], an [`http::Response`] becomes the outcome.
//!
//! No socket, clock, thread or wasm in here: the carrier of the requests, a native server or a component, brings
//! those, and is told in [`Provider`] what to do with them. A provider is a module and a case of [`SenderSettings`].
//!
//! ```
//! use countersign_contract::types::Channel;
//! use countersign_contract::{Pii, Secret, Timestamp};
//! use countersign_providers::{Content, Message, Opened, SendersSettings, Session, Progress};
//!
//! let settings = SendersSettings::from_json(
//!     r#"{"sms": {
//!         "type": "webhook",
//!         "url": "https://example.com/codes",
//!         "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
//!     }}"#,
//! )?;
//! let (path, sender) = settings.of(Channel::Sms).next().unwrap();
//! let Opened::Http(provider) = sender.open(Channel::Sms, &path)? else { panic!("not over HTTP") };
//! # let message = Message {
//! #     tenant: "default".into(),
//! #     purpose: "login".into(),
//! #     channel: Channel::Sms,
//! #     recipient: Pii::new("+6281234567890".into()),
//! #     code: Secret::new("123456".into()),
//! #     challenge_id: "login.x".into(),
//! #     send_number: 1,
//! #     lifetime_seconds: 300,
//! #     expires_at: Timestamp(1_795_208_961),
//! #     reference: None,
//! #     locale: None,
//! #     content: Content::None,
//! #     callback_url: None,
//! # };
//! let (mut session, now) = (Session::default(), Timestamp(1_795_208_661));
//! let request = provider.request(&message, &mut session, now).unwrap();
//! assert_eq!(request.headers()["webhook-id"], "login.x.1");
//!
//! let response = http::Response::builder().status(202).body(&b""[..])?;
//! let step = provider.response(response, &mut session, now).unwrap();
//! assert!(matches!(step, Progress::Accepted(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aws;
pub mod aws_notify;
pub mod aws_ses;
pub mod aws_sns;
mod document;
pub mod eskiz;
mod json;
mod locale;
mod messages;
pub mod meta_whatsapp;
mod protocol;
pub mod resend;
mod routing;
mod settings;
pub mod twilio;
pub mod wati;
pub mod webhook;

pub use countersign_settings::problem::{Problem, Problems};

pub use self::document::Document;
pub use self::messages::content::{Content, Mail, Speech};
pub use self::messages::message::Message;
pub use self::messages::{
    MessagesSettings, Segments, SmsEncoding, TenantMessagesSettings, Texts, segments,
};
pub use self::protocol::callback::{Callback, CallbackContent, MessageReport};
pub use self::protocol::provider::{
    Accepted, MAX_EXCHANGES, MAX_RESPONSE_BYTES, Progress, Provider, Session,
};
pub use self::protocol::tag::{MAX_TAG_BYTES, Tag};
pub use self::routing::breaker::{Barred, BreakerState, Change};
pub use self::routing::deliver::{Carrier, Delivered, MIN_PATIENCE, Order, deliver};
pub use self::routing::event::Event;
pub use self::routing::route::{Route, Way};
pub use self::routing::senders::{MAX_IN_FLIGHT, Senders, Terms, http_only};
pub use self::routing::transport_error::TransportError;
pub use self::routing::unsent::Unsent;
pub use self::settings::native::{
    ConsoleSettings, FileSettings, NativeSettings, SmtpSettings, Tls,
};
pub use self::settings::public_url::callbacks_url;
pub use self::settings::ways::{Opened, SenderSettings};
pub use self::settings::{ChannelSettings, MAX_PROVIDERS, SendersSettings};
