//! Configurations that must not come up, and what is said of them.

use countersign_tests::process;
use countersign_tests::settings::{self, Workplace};

/// Has the native host check a configuration, and start with it: both refuse, and name each of `words`.
pub(crate) async fn names(sections: &[&str], code: i32, words: &[&str]) {
    let workplace = Workplace::new().unwrap();
    let sections = [&[settings::SERVER, settings::KEYS], sections].concat();
    let config = workplace.config("countersign.toml", &sections).unwrap();
    // What is around it is not looked at by a check.
    let commands: &[&[&str]] =
        if code == 2 { &[&["config", "check"], &["serve"]] } else { &[&["serve"]] };
    for arguments in commands {
        let mut command = process::command(Some(&config)).unwrap();
        command.args(*arguments).current_dir(workplace.path());
        let output = process::run(command, "").await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{arguments:?}: no {word} in {said}");
        }
    }
}
