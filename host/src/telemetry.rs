//! What the process says: lines on standard error, as text or JSON.
//!
//! Every line carries the number of the process, so that the lines of ten of them can be told apart. No line ever
//! holds a code, a key or a full recipient; a panic's own text might, and is left out.

use std::fmt;
use std::panic::PanicHookInfo;

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{
    DefaultFields, FormatEvent, FormatFields, JsonFields, Writer, format,
};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::config::{LogFormat, LogSettings};

/// Begins to log as `settings` say, and logs panics. Where this process logs already, that stays as it is.
pub fn begin(settings: &LogSettings) {
    if tracing::subscriber::set_global_default(subscriber(settings, std::io::stderr)).is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
}

/// What `begin` installs, writing to `out`.
fn subscriber<W>(settings: &LogSettings, out: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The configuration was refused where this can't be read.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        // A line that can't be written is told on standard error, which may be the very stream that is full; and
        // that panics.
        .log_internal_errors(false)
        .with_writer(out);
    let process = std::process::id();
    match settings.format {
        LogFormat::Json => {
            let line = format().json().flatten_event(true);
            let event = Numbered { line, begin: ("{", format!("{{\"process\":{process},")) };
            Box::new(builder.fmt_fields(JsonFields::new()).event_format(event).finish())
        }
        LogFormat::Text => {
            let event = Numbered { line: format(), begin: ("", format!("[{process}] ")) };
            Box::new(builder.fmt_fields(DefaultFields::new()).event_format(event).finish())
        }
    }
}

/// Lines of another format, with another beginning.
struct Numbered<F> {
    line: F,
    /// What a line begins with, and what is written instead.
    begin: (&'static str, String),
}

impl<S, N, F> FormatEvent<S, N> for Numbered<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.line.format_event(context, Writer::new(&mut line), event)?;
        let (old, new) = &self.begin;
        writer.write_str(new)?;
        writer.write_str(line.strip_prefix(old).unwrap_or(&line))
    }
}

/// Logs where it happened. What it says may hold anything that the code at fault had at hand.
fn panicked(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "panicked");
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, work: impl FnOnce()) -> String {
        let lines = Lines::default();
        let out = lines.clone();
        let settings = LogSettings { format, filter: "info".to_owned() };
        let subscriber = subscriber(&settings, move || out.clone());
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    fn work() {
        let _span = tracing::info_span!("http.request", route = "/v1/verify").entered();
        tracing::info!(outcome = "ok", "verify");
        tracing::debug!("unheard");
    }

    // One test, not two: scoped subscribers on two threads race for what a callsite remembers.
    #[test]
    fn each_line_carries_the_process_in_either_format() {
        let text = logged(LogFormat::Json, work);
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["process"], std::process::id());
        assert_eq!(line["outcome"], "ok");
        assert_eq!(line["span"]["route"], "/v1/verify");

        let text = logged(LogFormat::Text, work);
        let begin = format!("[{}] ", std::process::id());
        assert!(text.starts_with(&begin), "{text}");
        assert!(text.contains("verify"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
