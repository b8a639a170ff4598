//! What was found, for people and for scripts.

use serde_json::{Value, json};

use crate::findings::{Finding, Findings, Grade};

/// One object: `status`, `version`, and `checks` in the order in which they were made.
pub(super) fn json(findings: &Findings) -> String {
    let checks: Vec<Value> = findings.all().iter().map(check).collect();
    let whole = json!({
        "status": findings.worst().as_str(),
        "version": env!("CARGO_PKG_VERSION"),
        "checks": checks,
    });
    format!("{whole:#}")
}

fn check(finding: &Finding) -> Value {
    let mut check = json!({
        "check": finding.check.as_str(),
        "status": finding.grade.as_str(),
        "found": finding.found,
    });
    if let Some(check) = check.as_object_mut() {
        let more = [("subject", &finding.subject), ("mend", &finding.mend)];
        for (name, text) in more {
            check.extend(text.as_ref().map(|text| (name.to_owned(), json!(text))));
        }
    }
    check
}

/// A line for each finding, below it how to mend it, and a line for the whole.
pub(super) fn text(findings: &Findings) -> String {
    let width =
        |length: fn(&Finding) -> usize| findings.all().iter().map(length).max().unwrap_or(0);
    let names = width(|finding| finding.check.as_str().len());
    let subjects = width(|finding| finding.subject.as_ref().map_or(0, String::len));
    let line = |finding: &Finding| {
        let (grade, name) = (finding.grade, finding.check);
        let subject = finding.subject.as_deref().unwrap_or_default();
        let found = finding.found.replace('\n', "\n           ");
        let line = format!("{grade:<8} {name:<names$}  {subject:<subjects$}  {found}");
        match &finding.mend {
            Some(mend) => format!("{line}\n         to mend it: {mend}"),
            None => line,
        }
    };
    let mut lines: Vec<String> = findings.all().iter().map(line).collect();
    lines.push(summary(findings));
    lines.join("\n")
}

fn summary(findings: &Findings) -> String {
    let count = |grade| findings.count(grade);
    format!(
        "\n{}: {} failed, {} warnings, {} ok, {} skipped",
        findings.worst(),
        count(Grade::Failed),
        count(Grade::Warning),
        count(Grade::Ok),
        count(Grade::Skipped)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Check;

    fn findings() -> Findings {
        let mut findings = Findings::about("store");
        findings.ok(Check::StoreTls, "TLS 1.3");
        findings.failed(Check::StoreEviction, "it forgets", "set it");
        findings
    }

    #[test]
    fn each_finding_is_a_line_and_its_mend_the_next() {
        let expected = "ok       store.tls       store  TLS 1.3\n\
                        failed   store.eviction  store  it forgets\n\
                        \x20        to mend it: set it\n\n\
                        failed: 1 failed, 0 warnings, 1 ok, 0 skipped";
        assert_eq!(text(&findings()), expected);
    }

    #[test]
    fn scripts_read_one_object() {
        let read: Value = serde_json::from_str(&json(&findings())).unwrap();
        assert_eq!(read["status"], "failed");
        let second = json!({ "check": "store.eviction", "subject": "store", "status": "failed",
            "found": "it forgets", "mend": "set it" });
        assert_eq!(read["checks"][1], second);
    }
}
