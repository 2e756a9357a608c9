//! What a client would rather have: events, or JSON.

use http::HeaderMap;
use http::header::ACCEPT;

/// Whether events are named by what a client takes, and JSON is not wanted more.
pub(super) fn wants_events(headers: &HeaderMap) -> bool {
    let sent = headers.get_all(ACCEPT).iter();
    let kinds: Vec<(String, f64)> = sent
        .filter_map(|kinds| kinds.to_str().ok())
        .flat_map(|kinds| kinds.split(','))
        .map(kind_and_weight)
        .collect();
    let weight = |names: &[&str]| {
        let of_kind = |name: &&str| {
            kinds
                .iter()
                .find(|(kind, _)| kind == name)
                .map(|(_, weight)| *weight)
        };
        names.iter().find_map(of_kind)
    };
    let events = weight(&["text/event-stream"]).unwrap_or_default();
    // Events are named on purpose; whatever else would do too is no wish.
    let json = weight(&["application/json"]).unwrap_or_default();
    events > 0.0 && events >= json
}

/// A kind of media, and how much it is wanted: from 0, not at all, to 1.
fn kind_and_weight(text: &str) -> (String, f64) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("q")
            .then(|| value.trim().parse().ok())?
    });
    (kind, weight.unwrap_or(1.0))
}
