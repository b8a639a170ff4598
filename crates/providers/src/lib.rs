//! Provider protocols as data: a [`Message`] becomes an [`http::Request`], an [`http::Response`] becomes the outcome.
//!
//! No socket, clock, thread or wasm in here: the carrier of the requests, a native server or a component, brings
//! those, and is told in [`Provider`] what to do with them. A provider is a module and a case of [`SenderSettings`].
//!
//! ```
//! use countersign_contract::types::Channel;
//! use countersign_contract::{Pii, Secret, Timestamp};
//! use countersign_providers::{Content, Message, Opened, SendersSettings, Session, Step};
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
//! assert!(matches!(step, Step::Accepted(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod aws;
pub mod aws_ses;
pub mod aws_sns;
mod bearer;
mod breaker;
mod callback;
mod carry;
mod content;
mod deliver;
#[cfg(test)]
mod described;
mod document;
mod endpoint;
mod error;
pub mod eskiz;
mod event;
mod failure;
mod json;
mod locale;
mod mailbox;
mod message;
mod messages;
pub mod meta_whatsapp;
mod multipart;
mod native;
mod provider;
mod public_url;
mod query;
mod request;
pub mod resend;
mod retry_after;
mod route;
mod senders;
mod settings;
mod signed_url;
mod standard_webhooks;
mod tag;
mod template;
pub mod twilio;
pub mod wati;
mod ways;
pub mod webhook;

pub use countersign_settings::problem::{Problem, Problems};

pub use self::breaker::{Change, State};
pub use self::callback::{Callback, Received, Report};
pub use self::content::{Content, Mail, Speech};
pub use self::deliver::{Carrier, Delivered, MIN_PATIENCE, Order, deliver};
pub use self::document::Document;
pub use self::error::Unsent;
pub use self::event::Event;
pub use self::failure::Failure;
pub use self::message::Message;
pub use self::messages::{
    MessagesSettings, Segments, SmsEncoding, TenantMessagesSettings, Texts, segments,
};
pub use self::native::{ConsoleSettings, FileSettings, NativeSettings, SmtpSettings, Tls};
pub use self::provider::{Accepted, MAX_EXCHANGES, MAX_RESPONSE_BYTES, Provider, Session, Step};
pub use self::public_url::callbacks_url;
pub use self::route::{Barred, Route, Way};
pub use self::senders::{MAX_IN_FLIGHT, Senders, Terms, http_only};
pub use self::settings::{ChannelSettings, MAX_PROVIDERS, SendersSettings};
pub use self::tag::{MAX_TAG_BYTES, Tag};
pub use self::ways::{Opened, SenderSettings};
