//! What `config check` says, but for the engine's part, and what can be looked at further all the same.

use std::path::Path;
use std::sync::Arc;

use countersign_providers::{ConsoleSettings, SenderSettings};
use countersign_settings::problem::Problem;

use crate::config::{self, BuiltIn, Config, Loaded};
use crate::findings::{Check, Findings};
use crate::fingerprint::Fingerprint;
use crate::serve::{fingerprint, objections};

const CHECK: Check = Check::Configuration;

/// A configuration, or what of it is in order.
pub(super) struct Examined {
    pub(super) loaded: Loaded,
    pub(super) doubts: Doubts,
}

/// The paths of the settings that are wrong.
pub(super) struct Doubts(Vec<String>);

impl Doubts {
    /// Whether anything at `path`, or below it, is wrong.
    pub(super) fn cover(&self, path: &str) -> bool {
        let is_within = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.0.iter().any(|doubt| is_within(doubt, path) || is_within(path, doubt))
    }

    /// The fingerprint of the keys; nothing where they are in doubt, or end with the process.
    pub(super) fn fingerprint(&self, loaded: &Loaded) -> Option<Arc<Fingerprint>> {
        if self.cover("keys") { None } else { fingerprint(loaded) }
    }
}

/// Reads the configuration and tells of it. Nothing where there is none that could be read.
pub(super) fn examine(
    file: Option<&Path>,
    component: BuiltIn,
    findings: &mut Findings,
) -> Option<Examined> {
    let (mut loaded, problems) = match config::load(file, std::env::vars_os()) {
        Ok(loaded) => {
            let problems = loaded.places.locate(objections(&without_outboxes(&loaded.config))).0;
            (Some(loaded), problems)
        }
        Err(mut rejected) => {
            let rest = rejected.rest.take().map(|rest| *rest);
            let more = rest.as_ref().map(|rest| objections(&without_outboxes(&rest.config)));
            let more = more.unwrap_or_default();
            (rest, rejected.located(more).0)
        }
    };
    for problem in &problems {
        let mend = "correct it; docs/config.schema.json has every setting";
        findings.failed(CHECK, problem.to_string(), mend);
    }
    let mut warnings: Vec<&Problem> = Vec::new();
    if let Some(loaded) = &mut loaded {
        loaded.config.engine.built_in = component;
        // What concerns who may read files has a check of its own.
        warnings.extend(
            loaded.warnings.iter().filter(|warning| {
                !is_about_files(warning) && Some(&warning.text) != exposed(loaded)
            }),
        );
        for warning in &warnings {
            findings.warning(CHECK, warning.to_string(), "change it, unless it is meant");
        }
        if problems.is_empty() && warnings.is_empty() {
            let purposes = loaded.rules.policies.len();
            findings.ok(CHECK, format!("in order; purposes: {purposes}"));
        }
    }
    let doubts = Doubts(problems.into_iter().map(|problem| problem.path).collect());
    loaded.map(|loaded| Examined { loaded, doubts })
}

/// The same providers, but for those whose file would be made.
fn without_outboxes(config: &Config) -> Config {
    let mut config = config.clone();
    let senders = &mut config.senders;
    let channels = [
        &mut senders.email,
        &mut senders.sms,
        &mut senders.voice,
        &mut senders.webhook,
        &mut senders.whatsapp,
    ];
    for sender in channels.into_iter().flat_map(|channel| &mut channel.0) {
        if matches!(sender, SenderSettings::File(_)) {
            *sender = SenderSettings::Console(ConsoleSettings::default());
        }
    }
    config
}

/// Whether a warning is of a file that holds a secret.
pub(super) fn is_about_files(warning: &Problem) -> bool {
    warning.path.ends_with("_file")
}

fn exposed(loaded: &Loaded) -> Option<&String> {
    loaded.exposed.as_ref().map(|exposed| &exposed.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_in_doubt_with_each_of_its_settings() {
        let doubts = Doubts(vec!["store.url".into(), "senders.sms.1.from".into()]);
        assert!(doubts.cover("store") && doubts.cover("senders.sms.1"));
        assert!(!doubts.cover("senders.sms.0") && !doubts.cover("keys"));
        assert!(Doubts(vec!["senders".into()]).cover("senders.sms.0"));
    }
}
