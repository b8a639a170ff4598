//! What is logged, as lines of JSON: those of `tracing-subscriber`'s format, with the event's fields beside the rest and
//! the span that it happened in, 62 KB smaller. A test compares the two.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Subscriber;
use tracing::{Event, Level, Metadata};
use tracing_core::span::Current;

/// Writes lines. There are at most as many spans as requests.
#[derive(Debug)]
pub struct Lines {
    now: fn() -> String,
    write: fn(&str),
    spans: Mutex<Spans>,
}

#[derive(Debug, Default)]
struct Spans {
    /// By their ids, less one.
    all: Vec<Option<Span>>,
    /// Those that are being worked in, the innermost last.
    entered: Vec<u64>,
}

#[derive(Debug)]
struct Span {
    metadata: &'static Metadata<'static>,
    fields: BTreeMap<&'static str, Value>,
    handles: usize,
}

impl Lines {
    /// `now` says what time it is, `write` takes whole lines.
    #[must_use]
    pub fn new(now: fn() -> String, write: fn(&str)) -> Self {
        Self { now, write, spans: Mutex::default() }
    }

    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spans {
    fn slot(&mut self, id: u64) -> Option<&mut Option<Span>> {
        self.all.get_mut(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    fn get(&mut self, id: u64) -> Option<&mut Span> {
        self.slot(id)?.as_mut()
    }

    fn current(&mut self) -> Option<(u64, &Span)> {
        let id = *self.entered.last()?;
        Some((id, self.get(id)?))
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = BTreeMap::new();
        attributes.record(&mut Each(|name, value| drop(fields.insert(name, value))));
        let span = Span { metadata: attributes.metadata(), fields, handles: 1 };
        let all = &mut self.spans().all;
        let place = all.iter().position(Option::is_none).unwrap_or(all.len());
        match all.get_mut(place) {
            Some(slot) => *slot = Some(span),
            None => all.push(Some(span)),
        }
        Id::from_u64(place as u64 + 1)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        if let Some(span) = self.spans().get(id.into_u64()) {
            values.record(&mut Each(|name, value| drop(span.fields.insert(name, value))));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(String::with_capacity(512));
        line.member("timestamp", &Value::from((self.now)()));
        line.member("level", &Value::from(metadata.level().as_str()));
        event.record(&mut Each(|name, value| line.member(name, &value)));
        line.member("target", &Value::from(metadata.target()));
        if let Some((_, span)) = self.spans().current() {
            let mut inner = Line(String::new());
            for (name, value) in &span.fields {
                inner.member(name, value);
            }
            inner.member("name", &Value::from(span.metadata.name()));
            line.name("span");
            line.0.push_str(&inner.0);
            line.0.push('}');
        }
        line.0.push_str("}\n");
        (self.write)(&line.0);
    }

    fn enter(&self, id: &Id) {
        self.spans().entered.push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        let entered = &mut self.spans().entered;
        if let Some(place) = entered.iter().rposition(|entered| *entered == id.into_u64()) {
            entered.remove(place);
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.spans().get(id.into_u64()) {
            span.handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.spans();
        let Some(slot) = spans.slot(id.into_u64()) else { return false };
        let Some(span) = slot else { return false };
        span.handles -= 1;
        let is_last = span.handles == 0;
        if is_last {
            *slot = None;
        }
        is_last
    }

    fn current_span(&self) -> Current {
        match self.spans().current() {
            Some((id, span)) => Current::new(Id::from_u64(id), span.metadata),
            None => Current::none(),
        }
    }
}

/// A JSON object that isn't closed yet.
struct Line(String);

impl Line {
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.put(&Value::from(name));
        self.0.push(':');
    }

    fn member(&mut self, name: &str, value: &Value) {
        self.name(name);
        self.put(value);
    }

    fn put(&mut self, value: &Value) {
        // Writing to a String can't fail.
        let _ = fmt::write(&mut self.0, format_args!("{value}"));
    }
}

/// Gives every field to a function.
struct Each<F>(F);

impl<F: FnMut(&'static str, Value)> Visit for Each<F> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        (self.0)(field.name(), Value::from(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        (self.0)(field.name(), Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        (self.0)(field.name(), Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        (self.0)(field.name(), Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        (self.0)(field.name(), Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        (self.0)(field.name(), Value::from(value));
    }
}

#[cfg(test)]
mod tests;
