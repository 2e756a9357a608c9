use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::SPANS;

/// Names a filter in the syntax of `tracing_subscriber`, instead of the one that `verbosity` chooses.
const FILTER_VARIABLE: &str = "CARDINAL_LOG";

/// Targets that log whole bodies, with what people asked and what their data says. Always off.
const SILENCED: &[&str] = &["async_openai=off"];

/// What takes the spans of traces, beside the log.
pub(crate) type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging to stderr: warnings, and with each `verbosity` more of what Cardinal does (1 info, 2 debug,
/// 3 trace and the libraries' infos). `json` writes one JSON object per line. The second call in a process does
/// nothing.
pub fn init(verbosity: u8, json: bool) {
    init_with(verbosity, json, None);
}

/// The same, with the spans of traces going to `spans`.
pub(crate) fn init_with(verbosity: u8, json: bool, spans: Option<SpanLayer>) {
    let (filter, complaint) = filter(verbosity, std::env::var(FILTER_VARIABLE).ok().as_deref());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
    let lines = if json {
        lines.json().flatten_event(true).with_filter(filter).boxed()
    } else {
        lines.without_time().with_filter(filter).boxed()
    };
    // The layer of spans comes first: it is one over the registry alone.
    let started = tracing_subscriber::registry().with(spans).with(lines).try_init();
    if let (Ok(()), Some(complaint)) = (started, complaint) {
        tracing::warn!("{complaint}");
    }
}

/// The filter, and what is wrong with the one that was asked for.
fn filter(verbosity: u8, asked: Option<&str>) -> (EnvFilter, Option<String>) {
    let chosen = match verbosity {
        0 => "warn",
        1 => "warn,cardinal=info",
        2 => "warn,cardinal=debug",
        _ => "info,cardinal=trace",
    };
    let (parsed, complaint) = match asked.map(EnvFilter::try_new) {
        Some(Ok(parsed)) => (parsed, None),
        Some(Err(error)) => (
            EnvFilter::new(chosen),
            Some(format!(
                "{FILTER_VARIABLE} is ignored, it is not a filter: {error}"
            )),
        ),
        None => (EnvFilter::new(chosen), None),
    };
    let quiet = SILENCED
        .iter()
        .map(|directive| (*directive).to_owned())
        // Spans of traces are not lines of the log.
        .chain([format!("{SPANS}=off")])
        .filter_map(|directive| directive.parse().ok())
        .fold(parsed, EnvFilter::add_directive);
    (quiet, complaint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_log_bodies_are_silent_whatever_is_asked() {
        for asked in [None, Some("trace"), Some("async_openai=trace"), Some("a=b=c")] {
            let (filter, complaint) = filter(3, asked);
            assert!(filter.to_string().contains("async_openai=off"), "{filter}");
            assert_eq!(complaint.is_some(), asked == Some("a=b=c"));
        }
    }
}
