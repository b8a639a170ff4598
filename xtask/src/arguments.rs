//! What a command of `cargo xtask` was given, and what of it the command takes.

use anyhow::{Result, bail};

/// Refuses arguments of a command that takes none.
///
/// # Errors
/// Where there is an argument.
pub(crate) fn refuse(command: &str, arguments: &[String]) -> Result<()> {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => bail!("`{command}` takes no `{argument}`; see `cargo xtask help`"),
    }
}

/// What a command was given: words of its own, and after `--` words for what it runs.
pub(crate) fn split(arguments: &[String]) -> (&[String], &[String]) {
    match arguments.iter().position(|argument| argument == "--") {
        Some(at) => {
            let (own, passed) = arguments.split_at(at);
            (own, passed.get(1..).unwrap_or_default())
        }
        None => (arguments, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_after_the_dashes_are_passed_on() {
        let words = words("login -- --nocapture -- x");
        let (own, passed) = split(&words);
        assert_eq!(own, ["login"]);
        assert_eq!(passed, ["--nocapture", "--", "x"]);
    }

    #[test]
    fn words_without_dashes_are_the_commands_own() {
        let words = words("login");
        assert_eq!(split(&words), (words.as_slice(), [].as_slice()));
    }

    #[test]
    fn a_command_without_arguments_refuses_one() {
        assert!(refuse("ci", &words("")).is_ok());
        let refusal = refuse("ci", &words("fast")).unwrap_err();
        assert!(refusal.to_string().contains("`fast`"));
    }
}
