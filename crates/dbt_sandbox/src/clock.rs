//! Moments as dbt writes them.

use jiff::Timestamp;

/// Now, as `2026-07-01 02:00:00.000000+00:00`.
pub(crate) fn now() -> String {
    written(Timestamp::now())
}

/// A moment in the same form.
pub(crate) fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%6f+00:00").to_string()
}

pub(crate) fn read(text: &str) -> Option<Timestamp> {
    text.replacen(' ', "T", 1).parse().ok()
}

/// Seconds between two moments, as `00:04:12`.
pub(crate) fn between(from: Option<&str>, to: Option<&str>) -> String {
    let (from, to) = (from.and_then(read), to.and_then(read));
    let seconds = match (from, to) {
        (Some(from), Some(to)) => to.duration_since(from).as_secs().max(0),
        _ => 0,
    };
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The same in words.
pub(crate) fn in_words(clock: &str) -> String {
    let parts: Vec<u64> = clock.split(':').filter_map(|part| part.parse().ok()).collect();
    let names = ["hour", "minute", "second"];
    let told: Vec<String> = parts
        .iter()
        .zip(names)
        .filter(|(count, _)| **count > 0)
        .map(|(count, name)| format!("{count} {name}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if told.is_empty() {
        "0 seconds".to_owned()
    } else {
        told.join(", ")
    }
}
