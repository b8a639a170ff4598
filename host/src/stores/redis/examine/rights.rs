//! What our user may do: every command that the store needs is tried on the scratch key, in one packet.

use redis::{Cmd, Pipeline, Value};

use super::line::{Line, Silent, code};
use crate::findings::{Check, Findings};

/// The commands, `{key}` being the scratch key. What the key holds means nothing to anyone.
const NEEDED: [&[&str]; 10] = [
    &["EXISTS", "{key}"],
    &["SET", "{key}", "0", "PX", "60000"],
    &["GET", "{key}"],
    &["MGET", "{key}", "{key}"],
    &["INCRBY", "{key}", "1"],
    &["PEXPIRE", "{key}", "60000"],
    &["DEL", "{key}"],
    &["MULTI"],
    &["EXEC"],
    &["PING"],
];

/// What became of the commands.
#[derive(Default)]
pub(super) struct Tried {
    /// The error code with which the server refuses writes: `READONLY`, `OOM`, `MISCONF`, `NOREPLICAS`.
    pub(super) refusal: Option<String>,
}

/// Tries all of them.
pub(super) async fn examine(
    line: &mut Line,
    key: &str,
    findings: &mut Findings,
) -> Result<Tried, Silent> {
    let mut commands = Pipeline::with_capacity(NEEDED.len());
    for words in NEEDED {
        let mut command = Cmd::new();
        for word in words {
            command.arg(if *word == "{key}" { key } else { word });
        }
        commands.add_command(command);
    }
    let answers = line.ask_all(&commands).await?;
    let tried = read(&answers, findings);
    Ok(tried)
}

fn read(answers: &[Value], findings: &mut Findings) -> Tried {
    let (mut missing, mut tried) = (Vec::new(), Tried::default());
    for (words, answer) in NEEDED.iter().zip(answers) {
        let name = words.first().copied().unwrap_or_default();
        match code(answer) {
            Some("NOPERM") => missing.push(name),
            // Refused before they were begun, together with the right to begin.
            Some("EXECABORT") | None => {}
            Some("ERR") if name == "EXEC" && missing.contains(&"MULTI") => {}
            Some("ASK" | "MOVED" | "TRYAGAIN") => {}
            Some("ERR") => missing.push(name),
            Some(code @ ("READONLY" | "OOM" | "MISCONF" | "NOREPLICAS" | "CLUSTERDOWN")) => {
                tried.refusal = Some(code.to_owned());
            }
            Some(_) => missing.push(name),
        }
    }
    if missing.is_empty() {
        let found = match &tried.refusal {
            None => {
                "every command that the store needs was carried out on the scratch key".to_owned()
            }
            Some(code) => format!("the user may use every command; writes are refused ({code})"),
        };
        findings.ok(Check::StoreRights, found);
        return tried;
    }
    let adds: Vec<String> =
        missing.iter().map(|name| format!("+{}", name.to_ascii_lowercase())).collect();
    findings.failed(
        Check::StoreRights,
        format!("refused on the scratch key: {}", missing.join(", ")),
        format!(
            "ACL SETUSER <user> {} ~<store.key_prefix>* — or the managed service's way to say so",
            adds.join(" ")
        ),
    );
    tried
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Grade;

    fn answers(refused: &[(&str, &str)]) -> Vec<Value> {
        let answer = |words: &&[&str]| {
            let found = refused.iter().find(|(name, _)| words.first() == Some(name));
            found.map_or(Value::Okay, |(_, code)| {
                let text = format!("-{code} text\r\n");
                redis::parse_redis_value(text.as_bytes()).unwrap()
            })
        };
        NEEDED.iter().map(answer).collect()
    }

    #[test]
    fn the_missing_rights_are_named_and_no_others() {
        let mut findings = Findings::default();
        let refused = [("INCRBY", "NOPERM"), ("MULTI", "NOPERM"), ("EXEC", "ERR")];
        read(&answers(&refused), &mut findings);
        let finding = &findings.all()[0];
        assert_eq!(finding.grade, Grade::Failed);
        assert_eq!(finding.found, "refused on the scratch key: INCRBY, MULTI");
        assert!(finding.mend.as_ref().unwrap().contains("+incrby +multi"));
    }

    #[test]
    fn a_server_that_takes_no_writes_takes_no_right_away() {
        let mut findings = Findings::default();
        let tried = read(&answers(&[("SET", "READONLY"), ("DEL", "READONLY")]), &mut findings);
        assert_eq!(tried.refusal.as_deref(), Some("READONLY"));
        assert_eq!(findings.worst(), Grade::Ok);
    }
}
