//! Every way out that there is: the one list. A provider is a module of this crate and a line here.

use countersign_contract::types::Channel;
use countersign_settings::problem::{Problem, Problems};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Error, Value};

use crate::aws_notify::{AwsNotify, AwsNotifySettings};
use crate::aws_ses::{AwsSes, AwsSesSettings};
use crate::aws_sns::{AwsSns, AwsSnsSettings};
use crate::eskiz::{Eskiz, EskizSettings};
use crate::meta_whatsapp::{MetaWhatsapp, MetaWhatsappSettings};
use crate::protocol::provider::Provider;
use crate::resend::{Resend, ResendSettings};
use crate::settings::native::{ConsoleSettings, FileSettings, NativeSettings, SmtpSettings};
use crate::twilio::{
    TwilioSms, TwilioSmsSettings, TwilioVoice, TwilioVoiceSettings, TwilioWhatsapp,
    TwilioWhatsappSettings,
};
use crate::wati::{Wati, WatiSettings};
use crate::webhook::{Webhook, WebhookSettings};

/// A provider that was opened, or the settings of a way out that only the native host has.
pub enum Opened<'a> {
    /// Speaks HTTP.
    Http(Box<dyn Provider>),
    /// Needs more than that.
    Native(NativeSettings<'a>),
}

/// Writes the list: a case, its `type`, its settings, what opens them (over HTTP) and the channels that it carries.
macro_rules! ways {
    (
        http { $($(#[doc = $about:literal])+ $case:ident $kind:literal $settings:ident => $provider:ident $channels:tt)+ }
        native { $($(#[doc = $native_about:literal])+ $native:ident $native_kind:literal $native_settings:ident $native_channels:tt)+ }
    ) => {
        /// Who carries the messages of a channel.
        #[derive(Clone, Debug, JsonSchema)]
        #[schemars(tag = "type")]
        pub enum SenderSettings {
            $($(#[doc = $about])+ #[schemars(rename = $kind)] $case($settings),)+
            $($(#[doc = $native_about])+ #[schemars(rename = $native_kind)] $native($native_settings),)+
        }

        impl SenderSettings {
            /// Reads them out of an object with a `type`. What serde derives for that copies the object first, with much
            /// more code.
            pub(crate) fn from_value(value: Value) -> Result<Self, Error> {
                let Value::Object(mut settings) = value else {
                    return Err(Error::custom("has to be an object with a `type`, such as `webhook`"));
                };
                let kind = settings.remove("type").ok_or_else(|| Error::missing_field("type"))?;
                Ok(match kind.as_str().unwrap_or_default() {
                    $($kind => Self::$case($settings::deserialize(settings)?),)+
                    $($native_kind => Self::$native($native_settings::deserialize(settings)?),)+
                    other => {
                        return Err(Error::unknown_variant(other, &[$($kind,)+ $($native_kind,)+]));
                    }
                })
            }

            /// The `type` in the settings.
            #[must_use]
            pub const fn provider_type(&self) -> &'static str {
                match self {
                    $(Self::$case(_) => $kind,)+
                    $(Self::$native(_) => $native_kind,)+
                }
            }

            /// The channels that it can carry.
            #[must_use]
            pub const fn channels(&self) -> &'static [Channel] {
                match self {
                    $(Self::$case(_) => ways!(@channels $channels),)+
                    $(Self::$native(_) => ways!(@channels $native_channels),)+
                }
            }

            /// The provider, ready for use on `channel`; `path` is where the settings stand: `senders.sms`.
            ///
            /// # Errors
            /// Everything that is wrong with them.
            pub fn open(&self, channel: Channel, path: &str) -> Result<Opened<'_>, Problems> {
                self.refuse_other_channels(channel, path)?;
                Ok(match self {
                    $(Self::$case(settings) => Opened::Http(Box::new($provider::open(settings, path)?)),)+
                    $(Self::$native(settings) => Opened::Native(NativeSettings::$native(settings)),)+
                })
            }
        }
    };
    (@channels any) => { &Channel::ALL };
    (@channels [$($channel:ident),+]) => { &[$(Channel::$channel),+] };
}

ways! {
    http {
        /// Text messages through AWS End User Messaging Notify.
        AwsNotify "aws_notify" AwsNotifySettings => AwsNotify [Sms]
        /// Mail through AWS SES.
        AwsSes "aws_ses" AwsSesSettings => AwsSes [Email]
        /// Text messages through AWS SNS.
        AwsSns "aws_sns" AwsSnsSettings => AwsSns [Sms]
        /// Text messages through Eskiz.uz.
        Eskiz "eskiz" EskizSettings => Eskiz [Sms]
        /// WhatsApp templates by way of Meta itself.
        MetaWhatsapp "meta_whatsapp" MetaWhatsappSettings => MetaWhatsapp [Whatsapp]
        /// Mail through Resend.
        Resend "resend" ResendSettings => Resend [Email]
        /// Text messages through Twilio.
        TwilioSms "twilio_sms" TwilioSmsSettings => TwilioSms [Sms]
        /// Calls through Twilio.
        TwilioVoice "twilio_voice" TwilioVoiceSettings => TwilioVoice [Voice]
        /// WhatsApp templates through Twilio.
        TwilioWhatsapp "twilio_whatsapp" TwilioWhatsappSettings => TwilioWhatsapp [Whatsapp]
        /// WhatsApp templates by way of WATI.
        Wati "wati" WatiSettings => Wati [Whatsapp]
        /// A URL of the operator's.
        Webhook "webhook" WebhookSettings => Webhook any
    }
    native {
        /// Writes codes to standard output. Native host, development mode only.
        Console "console" ConsoleSettings any
        /// Appends codes to a file. Native host, development mode only.
        File "file" FileSettings any
        /// Mail through a submission server. Native host only.
        Smtp "smtp" SmtpSettings [Email]
    }
}

impl SenderSettings {
    /// Whether it shows codes to the user who runs the process, and so has no place in production.
    #[must_use]
    pub const fn shows_codes(&self) -> bool {
        matches!(self, Self::Console(_) | Self::File(_))
    }

    fn refuse_other_channels(&self, channel: Channel, path: &str) -> Result<(), Problem> {
        if self.channels().contains(&channel) {
            return Ok(());
        }
        let carried: Vec<_> = self.channels().iter().map(|channel| channel.as_str()).collect();
        let text = format!("`{}` carries {} only", self.provider_type(), carried.join(", "));
        Err(Problem::new(path, text))
    }
}
