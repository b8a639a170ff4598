//! What the process logs: lines on standard error, as text or JSON.
//!
//! Every line carries the number of the process, so that the lines of ten of them can be told apart. No line ever
//! holds a code, a key or a full recipient; a panic's own text might, and is left out.
//!
//! No caller waits for standard error: lines go through a bounded queue (`telemetry/queue.rs`) that drops and counts
//! what does not fit.

mod json;
mod queue;

use std::panic::PanicHookInfo;
use std::sync::OnceLock;
use std::time::Duration;
use std::{fmt, io};

use countersign_http_api::audit;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{DefaultFields, Format, Full, Writer, format};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use self::json::{JsonFields, JsonLine};
use self::queue::Queue;
use crate::config::{LogFormat, LogSettings};

/// How long the end of the process waits for a stream that takes nothing.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

/// The way to standard error.
static STANDARD_ERROR: OnceLock<Queue> = OnceLock::new();

/// Begins to log as `settings` say, and logs panics. Where this process logs already, that stays as it is.
///
/// # Errors
/// Where the thread that writes can't be started.
pub fn begin(settings: &LogSettings) -> io::Result<()> {
    let out = standard_error()?.clone();
    if tracing::subscriber::set_global_default(subscriber(settings, out)).is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
    Ok(())
}

/// What [`begin`] installs, with its lines going to `out`: for those who measure it.
///
/// # Errors
/// Where the thread that writes can't be started.
pub fn writing_to(
    settings: &LogSettings,
    out: impl io::Write + Send + 'static,
) -> io::Result<Box<dyn Subscriber + Send + Sync>> {
    Ok(subscriber(settings, Queue::start(out, |_| {})?))
}

/// Writes `text` as a line of its own, whether or not logging has begun.
pub fn say(text: &str) {
    if let Ok(out) = standard_error() {
        out.push(format!("{text}\n").as_bytes());
    }
}

/// Waits until everything is written, but not for long: the reader of standard error may have
/// stalled.
pub fn finish() {
    if let Some(out) = STANDARD_ERROR.get() {
        out.flush(FLUSH_PATIENCE);
    }
}

fn standard_error() -> io::Result<&'static Queue> {
    if let Some(queue) = STANDARD_ERROR.get() {
        return Ok(queue);
    }
    let queue = Queue::start(io::stderr(), |lines| {
        tracing::warn!(lines, "the log could not be written in time: lines were dropped");
    })?;
    Ok(STANDARD_ERROR.get_or_init(|| queue))
}

/// What `begin` installs, writing to `out`.
fn subscriber<W>(settings: &LogSettings, out: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The configuration was refused where this can't be read.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // What operators do is logged however little else is, unless the operator has said so in as many words.
    let filter = match format!("{}=info", audit::TARGET).parse() {
        Ok(audited) if !settings.filter.contains(audit::TARGET) => filter.add_directive(audited),
        _ => filter,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        // It would write to standard error itself, which may block.
        .log_internal_errors(false)
        .with_writer(out);
    let process = std::process::id();
    match settings.format {
        LogFormat::Json => {
            Box::new(builder.fmt_fields(JsonFields).event_format(JsonLine { process }).finish())
        }
        LogFormat::Text => {
            let line = TextLine { line: format(), begin: format!("[{process}] ") };
            Box::new(builder.fmt_fields(DefaultFields::new()).event_format(line).finish())
        }
    }
}

/// Readable lines that begin with the number of the process.
struct TextLine {
    line: Format<Full>,
    begin: String,
}

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        writer.write_str(&self.begin)?;
        self.line.format_event(context, writer, event)
    }
}

/// Logs where it happened. What it says may hold anything that the code at fault had at hand. Like
/// every line it goes through the queue, so that a panic waits for no stream.
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
        let span = tracing::info_span!(
            "http.request",
            route = "/v1/verify",
            caller = tracing::field::Empty
        );
        let span = span.entered();
        span.record("caller", "app");
        tracing::info!(outcome = "ok", "verify");
        tracing::info!(text = "a \"b\" \\ \n\u{1}", some = ?Some(1), none = None::<&str>, at = %"x\ty", "more");
        tracing::debug!("unheard");
    }

    // One test, not two: scoped subscribers on two threads race for what a callsite remembers.
    #[test]
    fn each_line_carries_the_process_in_either_format() {
        let text = logged(LogFormat::Json, work);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [line, more] = &lines[..] else { panic!("{text}") };
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "verify");
        assert!(line["target"].as_str().unwrap().starts_with("countersign"));
        assert_eq!(more["text"], "a \"b\" \\ \n\u{1}");
        assert_eq!((&more["some"], &more["at"]), (&"Some(1)".into(), &"x\ty".into()));
        assert_eq!(line["process"], std::process::id());
        assert_eq!(line["outcome"], "ok");
        assert_eq!(line["span"]["route"], "/v1/verify");
        assert_eq!(line["span"]["caller"], "app");

        let text = logged(LogFormat::Text, work);
        let begin = format!("[{}] ", std::process::id());
        assert!(text.starts_with(&begin), "{text}");
        assert!(text.contains("verify"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
