//! What is checked of an operator's templates at start-up, so that none of it comes up in a message: each is rendered
//! with sample messages.

use std::collections::BTreeSet;

use countersign_contract::Secret;
use countersign_settings::problem::Problem;

use super::catalogue::path;
use super::engine::Engine;
use super::name::{Name, Part};
use super::settings::{Audience, DEFAULT_MAX_SMS_SEGMENTS};
use super::sms::segments;
use super::variables::{self, Variables};

/// As long as a code may be, and in none of the other samples.
const CODE: &str = "7KQ9V2XH4R";

/// In an HTML body it has to come out escaped.
const MARKUP: &str = "<i>&";

/// Each unit, and numbers of every plural form that there is.
const LIFETIMES: [u32; 10] = [30, 31, 61, 72, 101, 119, 120, 180, 300, 600];

/// The longest of them, as written.
const LONGEST_LIFETIMES: [u32; 2] = [119, 600];

const MAX_SUBJECT_CHARACTERS: usize = 200;

/// Checks one template of an operator's.
pub(super) fn template(
    engine: &Engine,
    name: &Name,
    audiences: &[(Option<&str>, &Audience)],
    max_sms_segments: u32,
) -> Vec<Problem> {
    let problem = |text: String| Problem::new(path(&name.to_string()), text);
    let used = match engine.variables(name) {
        Ok(used) => used,
        Err(fault) => return vec![problem(at(fault.line, &fault.text))],
    };
    let forbidden: Vec<Problem> = used
        .iter()
        .filter(|variable| !variables::is_allowed(name.part, variable))
        .map(|variable| {
            let allowed = variables::allowed(name.part).join("`, `");
            problem(format!("may not use `{variable}`; there are `{allowed}`"))
        })
        .collect();
    if !forbidden.is_empty() {
        return forbidden;
    }
    let found = samples(&used).into_iter().find_map(|(sample, described)| {
        let text = one(engine, name, &sample).err()?;
        Some(problem(format!("{text} ({described})")))
    });
    if let Some(found) = found {
        return vec![found];
    }
    let serves = |tenant: &Option<&str>| match (tenant, name.tenant.as_deref()) {
        (_, None) => true,
        (tenant, Some(own)) => *tenant == Some(own),
    };
    let mut served: Vec<&Audience> =
        audiences.iter().filter(|(tenant, _)| serves(tenant)).map(|(_, own)| *own).collect();
    // A tenant without settings of its own.
    if let (true, Some((_, general))) = (served.is_empty(), audiences.first()) {
        served.push(general);
    }
    served
        .into_iter()
        .find_map(|audience| too_long(engine, name, audience, Some(reference()), max_sms_segments))
        .map(problem)
        .into_iter()
        .collect()
}

/// Whether every built-in text message fits without a look, whatever the brand is. Most settings are so, and an edge app
/// checks them in each of its instances.
pub(super) const fn built_in_fits(audience: &Audience, max_sms_segments: u32) -> bool {
    audience.autofill.is_empty() && max_sms_segments >= DEFAULT_MAX_SMS_SEGMENTS
}

/// What is wrong with a text message as long as an audience may get it.
pub(super) fn too_long(
    engine: &Engine,
    name: &Name,
    audience: &Audience,
    reference: Option<String>,
    max_sms_segments: u32,
) -> Option<String> {
    if name.part != Part::Sms {
        return None;
    }
    LONGEST_LIFETIMES.into_iter().find_map(|lifetime_seconds| {
        let sample = sample(audience.brand.clone(), reference.clone(), lifetime_seconds);
        let text = engine.render(name, &sample).ok()?;
        let text = audience.autofill.after(&text, &sample.code);
        let taken = segments(text.expose()).segments;
        (taken > max_sms_segments as usize).then(|| {
            let with = if reference.is_some() { " and a reference of 64" } else { "" };
            format!(
                "takes {taken} segments with a code of 10 signs{with}; at most {max_sms_segments} (messages.max_sms_segments)"
            )
        })
    })
}

/// What is wrong with a template as one sample shows it.
fn one(engine: &Engine, name: &Name, sample: &Variables) -> Result<(), String> {
    let text = engine.render(name, sample).map_err(|fault| at(fault.line, &fault.text))?;
    let text = text.expose();
    let codes = text.matches(CODE).count();
    match name.part {
        Part::Subject => {
            if text.is_empty() {
                return Err("renders an empty subject".into());
            }
            if text.chars().count() > MAX_SUBJECT_CHARACTERS {
                return Err("renders a subject of more than 200 characters".into());
            }
            if text.chars().any(char::is_control) {
                return Err("renders a subject of more than one line".into());
            }
        }
        Part::Voice => {
            if codes == 0 && !text.contains(&variables::spelled(CODE)) {
                return Err("has to say the code: `{{ code_spelled }}`".into());
            }
        }
        Part::Html | Part::Sms | Part::Text => {
            if codes != 1 {
                return Err(format!(
                    "has to show the code once, not {codes} times: `{{{{ code }}}}`"
                ));
            }
        }
    }
    if name.part == Part::Html && text.contains(MARKUP) {
        return Err("must not turn off escaping: what is written could be markup".into());
    }
    Ok(())
}

/// Sample messages that differ in what a template uses, each with its description.
fn samples(used: &BTreeSet<String>) -> Vec<(Variables, String)> {
    let brand = format!("Acme {MARKUP} Co");
    let mut samples = Vec::new();
    for brand in either(used.contains("brand"), brand) {
        for reference in either(used.contains("reference"), reference()) {
            for seconds in LIFETIMES {
                let with = |there| if there { "with" } else { "without" };
                let described = format!(
                    "{} brand, {} reference, {seconds} seconds left",
                    with(brand.is_some()),
                    with(reference.is_some()),
                );
                samples.push((sample(brand.clone(), reference.clone(), seconds), described));
            }
        }
    }
    samples
}

fn either(used: bool, value: String) -> Vec<Option<String>> {
    if used { vec![None, Some(value)] } else { vec![None] }
}

fn sample(brand: Option<String>, reference: Option<String>, lifetime_seconds: u32) -> Variables {
    Variables {
        brand,
        code: Secret::new(CODE.into()),
        lifetime_seconds,
        purpose: "login".into(),
        reference,
        tenant: "default".into(),
    }
}

/// A reference of 64 characters, as long as a text message has to hold.
fn reference() -> String {
    format!("{:x<64}", format!("INV-2026-0001 {MARKUP} "))
}

/// The line of a fault before what it is.
pub(super) fn at(line: Option<usize>, text: &str) -> String {
    line.map_or_else(|| text.to_owned(), |line| format!("line {line}: {text}"))
}

#[cfg(test)]
mod tests;
