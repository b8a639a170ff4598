//! The last lines of a text message, by which a phone knows whom its code is for.
//!
//! The origin-bound line is that of <https://wicg.github.io/sms-one-time-codes/> (read 2026-11-21), which Safari and
//! Chrome (WebOTP) know. The hash is that of Android's SMS Retriever,
//! <https://developers.google.com/identity/sms-retriever/verify>.

use countersign_contract::Secret;
use countersign_settings::problem::Problem;

/// What stands at the end of every text message.
#[derive(Clone, Debug, Default)]
pub(super) struct Autofill {
    /// The website that the code is for.
    pub(super) host: Option<String>,
    /// The website in a frame of it that asks for the code.
    pub(super) embedded_host: Option<String>,
    /// The Android app that the code is for.
    pub(super) app_hash: Option<String>,
}

impl Autofill {
    /// Whether nothing stands there.
    pub(super) const fn is_empty(&self) -> bool {
        self.host.is_none() && self.embedded_host.is_none() && self.app_hash.is_none()
    }

    /// Says what is wrong; `path` is where the settings stand.
    pub(super) fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let hosts = [("origin_host", &self.host), ("origin_embedded_host", &self.embedded_host)];
        for (name, host) in hosts {
            if host.as_deref().is_some_and(|host| !is_host(host)) {
                let text = "has to be a host name in lower case, without scheme or port: `example.com`; letters beyond a-z as `xn--…`";
                problems.push(Problem::new(format!("{path}.{name}"), text));
            }
        }
        if self.embedded_host.is_some() && self.host.is_none() {
            let text = "needs origin_host, the website that it is embedded in";
            problems.push(Problem::new(format!("{path}.origin_embedded_host"), text));
        }
        if self.app_hash.as_deref().is_some_and(|hash| !is_app_hash(hash)) {
            let text =
                "has to be the app's hash: 11 characters of `A-Z`, `a-z`, `0-9`, `+` and `/`";
            problems.push(Problem::new(format!("{path}.android_app_hash"), text));
        }
        problems
    }

    /// `text`, which ends without a line break, and the lines.
    pub(super) fn after(&self, text: &Secret<String>, code: &Secret<String>) -> Secret<String> {
        let mut lines = vec![text.expose().as_str()];
        if let Some(hash) = &self.app_hash {
            lines.extend(["\n", hash]);
        }
        if let Some(host) = &self.host {
            lines.extend(["\n@", host, " #", code.expose()]);
            if let Some(host) = &self.embedded_host {
                lines.extend([" @", host]);
            }
        }
        Secret::new(lines.concat())
    }
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    // Whose last label is a number is an address to a browser, whole or not.
    let is_number = host.rsplit('.').next().is_some_and(|last| {
        last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit())
    });
    host.len() <= 253 && !is_number && host.split('.').all(is_label)
}

fn is_app_hash(hash: &str) -> bool {
    hash.len() == 11
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

#[cfg(test)]
pub(super) mod tests;
