//! Message templates: a [`Message`] becomes what a person reads or hears.
//!
//! An operator's templates stand beside the built-in ones and go before them; `docs/messages.md` tells how. Everything
//! that can be wrong with them is told when they are opened; what is left to go wrong with a message is its length.

mod autofill;
mod builtin;
mod catalogue;
mod check;
pub(crate) mod content;
mod engine;
mod locale;
pub(crate) mod message;
mod name;
mod settings;
mod sms;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use countersign_contract::Secret;
use countersign_contract::types::{Channel, SendError};
use countersign_settings::problem::{Problem, Problems};

use self::catalogue::{Catalogue, path};
use self::content::{Content, Mail, Speech};
use self::engine::Engine;
use self::message::Message;
use self::name::{Medium, Name, Part};
use self::settings::Audience;
use self::variables::Variables;

pub use self::settings::{MessagesSettings, TenantMessagesSettings};
pub use self::sms::{Segments, SmsEncoding, segments};

const MAX_TEMPLATES: usize = 1000;
const MAX_TEMPLATE_BYTES: usize = 64 * 1024;

/// The texts of all messages, ready for use.
pub struct Texts {
    engine: Engine,
    /// Made when it is first looked at: an edge app opens its texts in many instances that send nothing.
    catalogue: OnceLock<Catalogue>,
    /// The operator's own templates.
    own: BTreeSet<Name>,
    general: Audience,
    tenants: Vec<(String, Audience)>,
    max_sms_segments: u32,
}

impl Texts {
    /// Compiles the templates and checks all that can be checked without a message.
    ///
    /// # Errors
    /// Everything that is wrong with the settings and the templates.
    pub fn open(settings: &MessagesSettings) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let general = settings.audience(&mut problems);
        let tenants = settings
            .tenants
            .iter()
            .map(|(tenant, own)| (tenant.clone(), own.audience(tenant, &general, &mut problems)))
            .collect();
        let max_sms_segments = settings.sms_segments(&mut problems);
        let mut engine = Engine::new();
        let own = compile(&mut engine, &settings.templates, &mut problems);
        problems.extend(catalogue::incomplete_mails(&own));
        let catalogue = OnceLock::new();
        let texts = Self { engine, catalogue, own, general, tenants, max_sms_segments };
        // How long a text gets depends on the settings: what is wrong with them is told first.
        if problems.is_empty() {
            problems = texts.problems();
        }
        if problems.is_empty() { Ok(texts) } else { Err(Problems(problems)) }
    }

    /// Renders `message`: in the language asked for or the nearest that there is, from the narrowest template.
    ///
    /// # Errors
    /// [`SendError::Other`] where the text is longer than `max_sms_segments` allow, or a template fails that passed
    /// all samples.
    pub fn render(&self, message: &Message) -> Result<Content, SendError> {
        let medium = match message.channel {
            Channel::Email => Medium::Email,
            Channel::Sms => Medium::Sms,
            Channel::Voice => Medium::Voice,
            Channel::Webhook | Channel::Whatsapp => return Ok(Content::None),
        };
        let own = self.tenants.iter().find(|(tenant, _)| *tenant == message.tenant);
        let audience = own.map_or(&self.general, |(_, audience)| audience);
        let locales = locale::chain(message.locale.as_deref(), &audience.default_locale);
        let name = self
            .catalogue()
            .find(medium, locales, &message.tenant, &message.purpose)
            .ok_or_else(|| SendError::Other("there is no template for the message".into()))?;
        let variables = variables_of(message, audience);
        match medium {
            Medium::Email => self.mail(name, &variables).map(Content::Mail),
            Medium::Sms => self.sms(name, &variables, audience).map(Content::Text),
            Medium::Voice => {
                let text = self.part(name, &variables)?;
                Ok(Content::Speech(Speech { language: name.locale.clone(), text }))
            }
        }
    }

    fn catalogue(&self) -> &Catalogue {
        self.catalogue.get_or_init(|| Catalogue::new(&self.own))
    }

    fn mail(&self, name: &Name, variables: &Variables) -> Result<Mail, SendError> {
        let [subject, text, html] = Part::MAIL.map(|part| self.part(&name.with(part), variables));
        Ok(Mail { subject: subject?.expose().clone(), text: text?, html: html? })
    }

    fn sms(
        &self,
        name: &Name,
        variables: &Variables,
        audience: &Audience,
    ) -> Result<Secret<String>, SendError> {
        let text = self.part(name, variables)?;
        let text = audience.autofill.after(&text, &variables.code);
        let taken = segments(text.expose()).segments;
        let most = self.max_sms_segments;
        if taken > most as usize {
            let text = format!(
                "the text message takes {taken} segments; at most {most} (messages.max_sms_segments)"
            );
            return Err(SendError::Other(text));
        }
        Ok(text)
    }

    fn part(&self, name: &Name, variables: &Variables) -> Result<Secret<String>, SendError> {
        self.engine.render(name, variables).map_err(|fault| {
            let text = check::at(fault.line, &fault.text);
            SendError::Other(format!("the template `{name}` can't be rendered: {text}"))
        })
    }

    /// What is wrong with an operator's own templates, and with the length of the built-in ones that go to recipients who
    /// ask for no other language.
    fn problems(&self) -> Vec<Problem> {
        let tenants = self.tenants.iter().map(|(tenant, own)| (Some(tenant.as_str()), own));
        let audiences: Vec<_> = [(None, &self.general)].into_iter().chain(tenants).collect();
        let most = self.max_sms_segments;
        let mut problems: Vec<Problem> = self
            .own
            .iter()
            .flat_map(|name| check::template(&self.engine, name, &audiences, most))
            .collect();
        for (tenant, audience) in audiences {
            if check::built_in_fits(audience, most) {
                continue;
            }
            let locales = locale::chain(None, &audience.default_locale);
            let tenant = tenant.unwrap_or_default();
            let Some(name) = self.catalogue().find(Medium::Sms, locales, tenant, "") else {
                continue;
            };
            if self.own.contains(name) {
                continue;
            }
            if let Some(text) = check::too_long(&self.engine, name, audience, None, most) {
                problems.push(Problem::new("messages", format!("the built-in `{name}` {text}")));
            }
        }
        problems
    }
}

/// What a template may use of `message`.
fn variables_of(message: &Message, audience: &Audience) -> Variables {
    Variables {
        brand: audience.brand.clone(),
        code: message.code.clone(),
        lifetime_seconds: message.lifetime_seconds,
        purpose: message.purpose.clone(),
        reference: message.reference.clone(),
        tenant: message.tenant.clone(),
    }
}

/// Gives an operator's templates to the engine, within bounds.
fn compile(
    engine: &mut Engine,
    templates: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> BTreeSet<Name> {
    let mut own = BTreeSet::new();
    if templates.len() > MAX_TEMPLATES {
        problems.push(Problem::new("messages.templates", "has to be at most 1,000 templates"));
        return own;
    }
    for (text, source) in templates {
        let name = match Name::parse(text) {
            Ok(name) => name,
            Err(reason) => {
                problems.push(Problem::new(path(text), reason));
                continue;
            }
        };
        if source.len() > MAX_TEMPLATE_BYTES {
            problems.push(Problem::new(path(text), "has to be at most 64 KiB"));
        } else if !own.insert(name.clone()) {
            let reason = format!("given twice: `{name}` is the same in another spelling");
            problems.push(Problem::new(path(text), reason));
        } else if let Err(fault) = engine.add(&name, source) {
            problems.push(Problem::new(path(text), check::at(fault.line, &fault.text)));
        }
    }
    own
}

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod tests;
