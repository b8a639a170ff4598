//! Variables: what the manifest declares, what the start gives, and the templates that use them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One of the manifest's `[variables]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    /// For people.
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    required: bool,
    default: Option<String>,
    /// For tools that show variables; Spin treats all alike.
    #[serde(default, rename = "secret")]
    _secret: bool,
}

/// The variables of the application, each with its value.
#[derive(Debug)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Gives each declared variable its value: from the command line, from the environment, or its default.
    ///
    /// # Errors
    ///
    /// Names the variables that have none, or what is wrong with a declaration. A given one that no component
    /// declared is ignored, as Spin does.
    pub(crate) fn resolve(
        declared: &BTreeMap<String, Declared>,
        given: &BTreeMap<String, String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in declared {
            check_name(name)?;
            match (variable.required, &variable.default) {
                (true, Some(_)) => {
                    return Err(format!("variable {name:?} is required, and has a default"));
                }
                (false, None) => {
                    return Err(format!("variable {name:?} is not required, and has no default"));
                }
                _ => {}
            }
            let from_environment =
                || environment(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()));
            let value = given.get(name).cloned().or_else(from_environment);
            match value.or_else(|| variable.default.clone()) {
                Some(value) => drop(values.insert(name.clone(), value)),
                None => missing.push(name.as_str()),
            }
        }
        if missing.is_empty() {
            return Ok(Self(values));
        }
        let missing = missing.join(", ");
        Err(format!("no provider resolved required variable(s): {missing}"))
    }

    /// Puts values into a template: `{{ name }}`.
    ///
    /// # Errors
    ///
    /// Where braces have no end, or no such variable is declared.
    pub(crate) fn fill(&self, template: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((literal, from)) = rest.split_once("{{") {
            let (name, after) = from
                .split_once("}}")
                .ok_or_else(|| format!("template {template:?}: `{{{{` without an end"))?;
            let value = self.0.get(name.trim()).ok_or_else(|| {
                format!("template {template:?}: no variable {:?} is declared", name.trim())
            })?;
            filled.push_str(literal);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// What Spin allows in the name of a variable (`LowerSnakeId`).
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    words(name, '_').and_then(|()| {
        let lower = !name.contains(|c: char| c.is_ascii_uppercase());
        lower.then_some(()).ok_or_else(|| format!("variable {name:?} must be all lowercase"))
    })
}

/// What Spin allows in an id: words between delimiters (`crates/serde/src/id.rs`, `Id::try_from`).
pub(crate) fn words(id: &str, delimiter: char) -> Result<(), String> {
    for word in id.split(delimiter) {
        let fault = match word.chars().next() {
            None => "must not be empty".to_owned(),
            Some(first) if !first.is_ascii_alphabetic() => {
                format!("must start with an ASCII letter; got {first:?}")
            }
            Some(first) => {
                let upper = first.is_ascii_uppercase();
                let foreign = word.chars().find(|c| !c.is_ascii_alphanumeric());
                let mixed = |c: char| c.is_ascii_alphabetic() && c.is_ascii_uppercase() != upper;
                match foreign {
                    Some(c) => format!("may only contain alphanumeric ASCII; got {c:?}"),
                    None if word.contains(mixed) => "must be all lowercase or all UPPERCASE".into(),
                    None => continue,
                }
            }
        };
        return Err(format!("{id:?}: {delimiter:?}-separated words {fault}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(toml: &str) -> BTreeMap<String, Declared> {
        toml::from_str(toml).unwrap()
    }

    fn pair(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_default() {
        let declared =
            declared("a = { default = 'd' }\nb = { default = 'd' }\nc = { default = 'd' }");
        let environment =
            |name: &str| matches!(name, "SPIN_VARIABLE_A" | "SPIN_VARIABLE_B").then(|| "e".into());
        let variables = Variables::resolve(&declared, &pair("a", "g"), environment).unwrap();
        assert_eq!(variables.fill("{{ a }}-{{b}}-{{ c }}!").unwrap(), "g-e-d!");
    }

    #[test]
    fn every_missing_variable_is_named() {
        let declared =
            declared("one = { required = true }\ntwo = { required = true, secret = true }");
        let error = Variables::resolve(&declared, &BTreeMap::new(), |_| None).unwrap_err();
        assert!(error.contains("one, two"), "{error}");
    }

    #[test]
    fn bad_declarations_and_templates_are_refused() {
        assert!(
            Variables::resolve(&declared("a = { secret = true }"), &BTreeMap::new(), |_| None)
                .is_err()
        );
        let variables = Variables(pair("a", "1"));
        assert!(variables.fill("{{ b }}").unwrap_err().contains("\"b\""));
        assert!(variables.fill("{{ a").unwrap_err().contains("without an end"));
    }

    #[test]
    fn names_that_spin_refuses_are_refused() {
        let refused = [
            "Bad", "bAd", "BAD", "a__b", "a_", "_a", "1a", "a_2", "a_2b", "a-b", "a.b", "\u{e4}",
            "",
        ];
        for name in refused {
            let toml = format!("{name:?} = {{ default = '' }}");
            let outcome = Variables::resolve(&declared(&toml), &BTreeMap::new(), |_| None);
            assert!(outcome.is_err(), "{name:?}");
        }
        for name in ["a", "a2", "a2_b", "sender_origin"] {
            check_name(name).unwrap();
        }
    }
}
