//! Provider protocols as data: a [`Message`] becomes an [`http::Request`], an [`http::Response`] becomes the outcome.
//!
//! No socket, clock, thread or wasm in here: whoever carries the requests, a native server or a component, brings
//! those, and is told in [`Provider`] what to do with them. A provider is a module and a case of [`SenderSettings`].
//!
//! ```
//! use countersign_providers::{
//!     Channel, Message, Pii, Secret, Senders, SendersSettings, Session, Step, Timestamp,
//! };
//!
//! let settings = SendersSettings::from_json(
//!     r#"{"sms": {
//!         "type": "webhook",
//!         "url": "https://example.com/codes",
//!         "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
//!     }}"#,
//! )?;
//! let senders = Senders::try_from(&settings)?;
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
//! # };
//! let provider = senders.of(message.channel).unwrap();
//! let (mut session, now) = (Session::default(), Timestamp(1_795_208_661));
//! let request = provider.request(&message, &mut session, now).unwrap();
//! assert_eq!(request.headers()["webhook-id"], "login.x.1");
//!
//! let response = http::Response::builder().status(202).body(&b""[..])?;
//! let step = provider.response(response, &mut session, now).unwrap();
//! assert!(matches!(step, Step::Accepted(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod endpoint;
mod error;
mod message;
mod pii;
mod provider;
mod retry_after;
mod senders;
mod settings;
pub mod webhook;

pub use countersign_settings::problem::{Problem, Problems};
pub use countersign_settings::purposes::Channel;
pub use countersign_settings::secret::Secret;

pub use self::error::SendError;
pub use self::message::{Message, Timestamp};
pub use self::pii::Pii;
pub use self::provider::{Accepted, MAX_EXCHANGES, MAX_RESPONSE_BYTES, Provider, Session, Step};
pub use self::senders::Senders;
pub use self::settings::{SenderSettings, SendersSettings};
