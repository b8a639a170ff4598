//! Phone numbers, compared with libphonenumber: `oracle.py` prints spellings and what PyPI's `phonenumbers` makes of
//! them, and `countersign_core::recipient` has to make the same of each.
//!
//! One spelling in four is compared, and all of them by `cargo xtask explore`.
//!
//! The interpreter is `COUNTERSIGN_TEST_PYTHON`, which has to have `phonenumbers` in the version of our table; where
//! it is unset the test makes a virtual environment for itself in the target directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use countersign_contract::settings::NumberType;
use countersign_contract::types::RecipientFault;
use countersign_core::recipient::{self, Kind, PHONE_METADATA_VERSION, Recipient, Rules};
use serde_json::Value;

/// Fewer would leave regions out.
const FEWEST_SPELLINGS: usize = 20_000;
/// Regions of libphonenumber: each has to have a number that was accepted.
const REGIONS: usize = 245;
/// Differences that are shown.
const SHOWN: usize = 40;

#[test]
fn every_spelling_is_read_as_libphonenumber_reads_it() -> Result<(), String> {
    let python = interpreter()?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("phone_oracle/oracle.py");
    let answer =
        run(Command::new(python).arg(script).arg(PHONE_METADATA_VERSION).env("PYTHONUTF8", "1"))?;
    let lines = String::from_utf8(answer.stdout).map_err(|error| error.to_string())?;

    let (mut spellings, mut accepted, mut regions, mut types) =
        (0, 0, BTreeSet::new(), BTreeSet::new());
    let mut different = Vec::new();
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let (text, region) = (case["text"].as_str().unwrap_or_default(), case["region"].as_str());
        let rules =
            Rules { default_region: region, number_types: &NumberType::ALL, ..Rules::default() };
        let found = recipient::parse_under(text, Some(Kind::Phone), &rules);
        spellings += 1;
        if found.is_ok() {
            accepted += 1;
            regions.extend(region.map(str::to_owned));
        }
        let e164 = found.as_ref().map(Recipient::as_str);
        if e164.ok() != case["expected"].as_str() {
            different.push(format!("{line}, found {e164:?}"));
        }
        let number = found.as_ref().ok();
        let of = number.and_then(Recipient::region);
        let costly = number.and_then(Recipient::number_type).map(|found| format!("{found:?}"));
        if (of, costly.as_deref()) != (case["of"].as_str(), case["type"].as_str()) {
            different.push(format!("{line}, found {of:?}, {costly:?}"));
        }
        if let Some(costly) = costly {
            types.insert(costly);
            if recipient::parse(text, None, region) != Err(RecipientFault::NumberNotAllowed) {
                different.push(format!("{line}, taken though nothing allows it"));
            }
        }
        // A number without its country is refused as such, and only where the country is not known.
        if let (Err(RecipientFault::Ambiguous), Some(_)) = (&found, region) {
            different.push(format!("{line}, found ambiguous"));
        }
        if let Ok(number) = found
            && recipient::parse_under(
                number.as_str(),
                None,
                &Rules { default_region: None, ..rules },
            )
            .as_ref()
                != Ok(&number)
        {
            different.push(format!("{line}, found {} and not itself", number.as_str()));
        }
    }
    println!("{spellings} spellings, {accepted} accepted, {} different", different.len());
    assert!(spellings >= FEWEST_SPELLINGS, "only {spellings} spellings");
    assert!(accepted >= spellings / 4, "only {accepted} of {spellings} were accepted");
    assert_eq!(regions.len(), REGIONS, "regions with an accepted number");
    assert_eq!(types.len(), NumberType::ALL.len(), "types of number: {types:?}");
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), first(&different));
    Ok(())
}

#[test]
fn the_table_is_what_its_generator_makes() -> Result<(), String> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/core/src/recipient/phone");
    let made = run(Command::new(interpreter()?).arg(place.join("generate.py")))?;
    let kept = std::fs::read(place.join("table.rs")).map_err(|error| error.to_string())?;
    assert!(made.stdout == kept, "table.rs is stale: run `cargo xtask phone-table`");
    Ok(())
}

fn first(lines: &[String]) -> String {
    lines.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// A Python that has the oracle: one for both tests, made once.
fn interpreter() -> Result<&'static Path, String> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| {
        let python = match std::env::var_os("COUNTERSIGN_TEST_PYTHON") {
            Some(python) => knows_numbers(python.into()),
            None => environment(),
        };
        python.map_err(|error| {
            format!(
                "{error}\nThe oracle needs Python: install python3 with venv and pip (Debian: apt install python3-venv), \
                 or set COUNTERSIGN_TEST_PYTHON to an interpreter that has phonenumbers=={PHONE_METADATA_VERSION}."
            )
        })
    });
    python.as_deref().map_err(Clone::clone)
}

fn environment() -> Result<PathBuf, String> {
    let wanted = format!("phonenumbers=={PHONE_METADATA_VERSION}");
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&wanted);
    let python = place.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if let Ok(python) = knows_numbers(python.clone()) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &wanted];
    run(Command::new(&python).args(pip))?;
    knows_numbers(python)
}

/// The interpreter, if it has the oracle in the version of our table.
fn knows_numbers(python: PathBuf) -> Result<PathBuf, String> {
    let check = format!(
        "import phonenumbers; assert phonenumbers.__version__ == '{PHONE_METADATA_VERSION}'"
    );
    run(Command::new(&python).args(["-c", &check]))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
