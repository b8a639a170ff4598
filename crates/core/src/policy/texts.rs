//! What the contract, the configuration and the operator's page say of a policy's numbers, held to what is true.

use countersign_contract::settings::{self, Preset};
use countersign_contract::types::Channel;

use super::Policy;
use super::presets::Defaults;

const CONTRACT: &str = include_str!("../../../../wit/settings.wit");
const SETTINGS: &str = include_str!("../../../settings/src/policy.rs");
const PAGE: &str = include_str!("../../../../docs/running.md");

const DAY: u32 = 86_400;

/// A field that holds a number.
struct Field {
    name: &'static str,
    /// Its default.
    default: fn(&Defaults) -> u32,
    set: fn(&mut settings::Policy, u32),
    /// The field that it has to be as large as.
    least: Option<&'static str>,
}

/// The fields of a preset, and the length of a code.
fn fields() -> Vec<Field> {
    macro_rules! field {
        ($name:ident) => {
            field!($name, |defaults| defaults.$name, None)
        };
        ($name:ident from $least:ident) => {
            field!($name, |defaults| defaults.$name, Some(stringify!($least)))
        };
        ($name:ident, $default:expr, $least:expr) => {
            Field {
                name: stringify!($name),
                default: $default,
                set: |policy, number| policy.$name = Some(number),
                least: $least,
            }
        };
    }
    vec![
        field!(code_length, |_| 6, None),
        field!(lifetime_seconds),
        field!(max_attempts),
        field!(lockout_seconds),
        field!(lockout_max_seconds from lockout_seconds),
        field!(failure_cap from max_attempts),
        field!(cooldown_seconds),
        field!(cooldown_max_seconds from cooldown_seconds),
        field!(max_resends),
        field!(remember_device_seconds),
    ]
}

impl Field {
    /// The smallest and the largest number that is taken.
    fn range(&self) -> (u32, u32) {
        let accepts = |number: u32| {
            let mut draft = settings::Policy { channels: vec![Channel::Sms], ..Default::default() };
            if let Some(least) = self.least {
                let least = fields().into_iter().find(|field| field.name == least).unwrap();
                (least.set)(&mut draft, least.range().0);
            }
            (self.set)(&mut draft, number);
            Policy::new(draft).is_ok()
        };
        let middle = (self.default)(&Defaults::of(Preset::Default));
        assert!(accepts(middle), "{}", self.name);
        (last(0, middle, accepts), last(u32::MAX, middle, accepts))
    }

    /// The range as the texts have it, with the name of the field that it begins at where there is one.
    fn written_range(&self, between: &str, number: fn(u32) -> String, dash: char) -> String {
        let (lowest, highest) = self.range();
        let lowest = match self.least {
            Some(name) => format!("`{}`", name.replace('_', &dash.to_string())),
            None => number(lowest),
        };
        format!("{lowest}{between}{}", number(highest))
    }

    /// The row of the operator's page.
    fn row(&self) -> &'static str {
        PAGE.lines().find(|line| line.starts_with(&format!("| `{}` |", self.name))).unwrap()
    }

    /// What the contract and the configuration say above the field.
    fn comments(&self) -> [String; 2] {
        let contract = comment(CONTRACT, &format!("{}: option", self.name.replace('_', "-")));
        [contract, comment(SETTINGS, &format!("pub {}: Option", self.name))]
    }
}

/// The number nearest to `beyond` that is accepted, where all are from `within` up to it.
fn last(mut beyond: u32, mut within: u32, accepts: impl Fn(u32) -> bool) -> u32 {
    if accepts(beyond) {
        return beyond;
    }
    while beyond.abs_diff(within) > 1 {
        let middle = beyond.midpoint(within);
        *(if accepts(middle) { &mut within } else { &mut beyond }) = middle;
    }
    within
}

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

/// The comment and the attributes above the line that begins with `field`.
fn comment(text: &str, field: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with(field)).unwrap();
    let is_above = |line: &&&str| line.starts_with("///") || line.starts_with("#[");
    let mut above: Vec<_> = lines[..at].iter().rev().take_while(is_above).copied().collect();
    above.reverse();
    above.join(" ").replace("/// ", "")
}

/// A text without what stands in brackets.
fn unbracketed(text: &str) -> String {
    let mut parts = text.split(" (");
    let mut outside = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        outside.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
    }
    outside
}

#[test]
fn every_text_has_these_defaults() {
    let presets = [Preset::Default, Preset::Lenient, Preset::Strict].map(Defaults::of);
    for field in fields() {
        let numbers = presets.each_ref().map(field.default);
        let [default, lenient, strict] = numbers.map(grouped);
        let written = match field.name {
            "code_length" => format!("default {default}"),
            _ => format!("default {default} ({lenient}, {strict})"),
        };
        for text in field.comments() {
            assert!(text.contains(&written), "{written}: {text}");
        }
        let mut in_seconds: Vec<_> = numbers.map(|number| number.to_string()).into();
        in_seconds.dedup_by(|_, _| field.name == "code_length");
        let in_seconds = format!("| {} |", in_seconds.join(", "));
        let in_days = numbers.map(|number| (number / DAY).to_string()).join(", ") + " days";
        let row = field.row();
        assert!(row.contains(&in_seconds) || row.contains(&in_days), "{row}");
    }
}

#[test]
fn every_text_has_these_ranges() {
    for field in fields() {
        let (lowest, highest) = field.range();
        let [contract, settings] = field.comments();
        let written = field.written_range(" to ", grouped, '-');
        assert!(unbracketed(&contract).contains(&written), "{written}: {contract}");
        let written = field.written_range(" to ", grouped, '_');
        assert!(unbracketed(&settings).contains(&written), "{written}: {settings}");
        let schema = format!("range(min = {lowest}, max = {highest})");
        assert!(settings.replace('_', "").contains(&schema), "{schema}: {settings}");
        let written = field.written_range("–", |number| number.to_string(), '_');
        assert!(unbracketed(field.row()).contains(&format!("| {written} |")), "{written}");
    }
}
