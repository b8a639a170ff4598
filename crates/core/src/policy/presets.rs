//! The presets: what the fields of a policy are where the operator wrote nothing else.

use countersign_contract::settings::Preset;

/// The defaults that differ between presets.
pub(super) struct Defaults {
    pub(super) lifetime_seconds: u32,
    pub(super) max_attempts: u32,
    pub(super) lockout_seconds: u32,
    pub(super) lockout_max_seconds: u32,
    pub(super) failure_cap: u32,
    pub(super) cooldown_seconds: u32,
    pub(super) cooldown_max_seconds: u32,
    pub(super) max_resends: u32,
    pub(super) remember_device_seconds: u32,
}

const DAY: u32 = 86_400;

impl Defaults {
    pub(super) const fn of(preset: Preset) -> Self {
        match preset {
            Preset::Default => Self {
                lifetime_seconds: 300,
                max_attempts: 3,
                lockout_seconds: 900,
                lockout_max_seconds: 3_600,
                failure_cap: 100,
                cooldown_seconds: 60,
                cooldown_max_seconds: 900,
                max_resends: 3,
                remember_device_seconds: 30 * DAY,
            },
            Preset::Lenient => Self {
                lifetime_seconds: 600,
                max_attempts: 5,
                lockout_seconds: 300,
                lockout_max_seconds: 900,
                failure_cap: 100,
                cooldown_seconds: 30,
                cooldown_max_seconds: 300,
                max_resends: 5,
                remember_device_seconds: 90 * DAY,
            },
            Preset::Strict => Self {
                lifetime_seconds: 180,
                max_attempts: 3,
                lockout_seconds: 3_600,
                lockout_max_seconds: DAY,
                failure_cap: 30,
                cooldown_seconds: 60,
                cooldown_max_seconds: 3_600,
                max_resends: 2,
                remember_device_seconds: 7 * DAY,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_remembered_for_a_week_a_month_or_a_season() {
        let seconds = |preset: Preset| Defaults::of(preset).remember_device_seconds;
        assert_eq!(seconds(Preset::Strict), 604_800);
        assert_eq!(seconds(Preset::Default), 2_592_000);
        assert_eq!(seconds(Preset::Lenient), 7_776_000);
    }

    /// One field of the defaults.
    type Of = fn(&Defaults) -> u32;

    /// A number as the texts write it: `31,622,400`.
    fn grouped(number: u32) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    }

    /// The comment above the line that begins with `field`.
    fn comment<'a>(text: &'a str, field: &str) -> Vec<&'a str> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| line.starts_with(field)).unwrap();
        let is_above = |line: &&&str| line.starts_with("///") || line.starts_with("#[");
        lines[..at].iter().rev().take_while(is_above).copied().collect()
    }

    /// The contract, the configuration and the operator's page say what is true.
    #[test]
    fn every_text_has_these_defaults() {
        let contract = include_str!("../../../../wit/settings.wit");
        let settings = include_str!("../../../settings/src/policy.rs");
        let page = include_str!("../../../../docs/running.md");
        let fields: [(&str, Of); 9] = [
            ("lifetime_seconds", |defaults| defaults.lifetime_seconds),
            ("max_attempts", |defaults| defaults.max_attempts),
            ("lockout_seconds", |defaults| defaults.lockout_seconds),
            ("lockout_max_seconds", |defaults| defaults.lockout_max_seconds),
            ("failure_cap", |defaults| defaults.failure_cap),
            ("cooldown_seconds", |defaults| defaults.cooldown_seconds),
            ("cooldown_max_seconds", |defaults| defaults.cooldown_max_seconds),
            ("max_resends", |defaults| defaults.max_resends),
            ("remember_device_seconds", |defaults| defaults.remember_device_seconds),
        ];
        let presets = [Preset::Default, Preset::Lenient, Preset::Strict].map(Defaults::of);
        for (field, of) in fields {
            let numbers = presets.each_ref().map(of);
            let [default, lenient, strict] = numbers.map(grouped);
            let written = format!("default {default} ({lenient}, {strict})");
            let says = |text: &str, line: &str| {
                let mut comment = comment(text, line);
                comment.reverse();
                comment.join(" ").replace("/// ", "").contains(&written)
            };
            assert!(says(contract, &format!("{}: option", field.replace('_', "-"))), "{field}");
            assert!(says(settings, &format!("pub {field}: Option")), "{field}");
            let row = page.lines().find(|line| line.starts_with(&format!("| `{field}` |")));
            let in_seconds = numbers.map(|number| number.to_string()).join(", ");
            let in_days = numbers.map(|number| (number / DAY).to_string()).join(", ") + " days";
            let row = row.unwrap();
            assert!(row.contains(&in_seconds) || row.contains(&in_days), "{row}");
        }
    }
}
