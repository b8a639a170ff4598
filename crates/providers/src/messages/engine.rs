//! The template engine on a short leash: no includes, macros, filters or tests, a bounded number of steps and a
//! bounded text. What is absent is an error.

use std::collections::BTreeSet;
use std::io::{self, Write};

use countersign_contract::Secret;
use icu_locale_core::LanguageIdentifier;
use icu_plurals::{PluralCategory, PluralRules};
use minijinja::value::Kwargs;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    escape_formatter,
};

use super::builtin;
use super::name::Name;
use super::variables::Variables;

/// Instructions of one rendering: those of the built-in templates are about a hundred.
const FUEL: u64 = 20_000;

/// Blocks within blocks.
const MAX_DEPTH: usize = 64;

/// The longest text, in bytes.
const MAX_RENDERED_BYTES: usize = 128 * 1024;

/// Enough for every built-in, so that the text isn't moved while it grows.
const USUAL_BYTES: usize = 8 * 1024;

/// The templates, compiled: an operator's own at once, a built-in one when it is first used.
pub(super) struct Engine {
    environment: Environment<'static>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct TemplateError {
    /// Where, counted from 1.
    pub(super) line: Option<usize>,
    /// What. Never repeats a value.
    pub(super) text: String,
}

impl Engine {
    pub(super) fn new() -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.set_formatter(write_what_is_there);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_DEPTH);
        environment.add_function("plural", plural);
        environment.set_loader(|name| Ok(builtin::source(name)));
        Self { environment }
    }

    /// Takes an operator's template, in the place of a built-in one of its name.
    pub(super) fn add(&mut self, name: &Name, source: &str) -> Result<(), TemplateError> {
        // Otherwise a text message written on Windows would be longer than it looks.
        let source = source.replace("\r\n", "\n");
        self.environment.add_template_owned(name.to_string(), source).map_err(fault)
    }

    /// The names that a template looks up, with their fields: `lifetime.unit`.
    pub(super) fn variables(&self, name: &Name) -> Result<BTreeSet<String>, TemplateError> {
        let template = self.environment.get_template(&name.to_string()).map_err(fault)?;
        let mut variables = BTreeSet::new();
        variables.extend(template.undeclared_variables(true));
        Ok(variables)
    }

    /// Renders a template, less the white space around it.
    pub(super) fn render(
        &self,
        name: &Name,
        variables: &Variables,
    ) -> Result<Secret<String>, TemplateError> {
        let template = self.environment.get_template(&name.to_string()).map_err(fault)?;
        let mut bounded = Bounded(Vec::with_capacity(USUAL_BYTES));
        let rendered = template.render_captured_to(variables.values(name.part), &mut bounded);
        let text = String::from_utf8(bounded.0).unwrap_or_default();
        let mut text = Secret::new(text);
        rendered.map_err(fault)?;
        if text.expose().trim().len() != text.expose().len() {
            let mut trimmed = String::with_capacity(text.expose().capacity());
            trimmed.push_str(text.expose().trim());
            text = Secret::new(trimmed);
        }
        Ok(text)
    }
}

/// Holds what is written, up to a bound.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > MAX_RENDERED_BYTES.saturating_sub(self.0.len()) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a value; one that is absent would be written as `none`.
fn write_what_is_there(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_none() || value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    escape_formatter(out, state, value)
}

/// `plural(number, one="…", few="…", other="…")`: the form that the rules of CLDR have for the number in the
/// language of the template.
fn plural(state: &State, number: u64, forms: Kwargs) -> Result<String, Error> {
    let refused = |text: &'static str| Error::new(ErrorKind::MissingArgument, text);
    let known = |form: &str| PluralCategory::get_for_cldr_string(form).is_some();
    if !forms.args().all(known) {
        return Err(refused("`plural` knows the forms zero, one, two, few, many and other"));
    }
    let other = forms.get("other").map_err(|_| refused("`plural` needs the form other"))?;
    let form = match category(state.name(), number) {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => return Ok(other),
    };
    Ok(if forms.has(form) { forms.get(form)? } else { other })
}

/// The plural form of a number in the language of the template `name`.
fn category(name: &str, number: u64) -> PluralCategory {
    let rules = || {
        let name = Name::parse(name).ok()?;
        let mut locale = LanguageIdentifier::try_from_str(&name.locale).ok()?;
        // Rules are the language's in every script, but `uz-Cyrl` would get those of no language.
        locale.script = None;
        PluralRules::try_new_cardinal((&locale).into()).ok()
    };
    rules().map_or(PluralCategory::Other, |rules| rules.category_for(number))
}

/// What the engine found, less what it found it in: its own words may hold a value.
fn fault(error: Error) -> TemplateError {
    let detail = || error.detail().unwrap_or("no reason given").to_owned();
    let text = match error.kind() {
        ErrorKind::SyntaxError => format!("can't be read: {}", detail()),
        // These name a thing of the template's own, or are ours.
        ErrorKind::MissingArgument
        | ErrorKind::UnknownFilter
        | ErrorKind::UnknownFunction
        | ErrorKind::UnknownTest => detail(),
        ErrorKind::UndefinedError => {
            "writes what isn't there; ask first: `{% if brand %}…{% endif %}`".into()
        }
        ErrorKind::OutOfFuel => format!("takes more than {FUEL} steps"),
        ErrorKind::WriteFailure => format!("makes more than {MAX_RENDERED_BYTES} bytes"),
        kind => kind.to_string(),
    };
    TemplateError { line: error.line(), text }
}

#[cfg(test)]
mod tests;
