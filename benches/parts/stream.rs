//! The events of a streamed completion read, beside serde_json's skim of what the events hold.

use cardinal::model::SseParser;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::ratio::Floor;

/// Events of the completion.
const EVENTS: usize = 400;
/// Bytes of a piece, as a connection brings them.
const PIECE: usize = 1400;

pub(crate) fn measure() {
    let event = |at: usize| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "bench",
            "choices": [{"index": 0, "delta": {"content": format!(" word{at}")}, "finish_reason": null}],
        })
        .to_string()
    };
    let events: Vec<String> = (0..EVENTS).map(event).collect();
    let framed = events.iter().map(|event| format!("data: {event}\n\n"));
    let body = framed.collect::<Vec<_>>().concat();
    let floor = Floor::of("serde_json's skim of its events", || {
        let read = events
            .iter()
            .filter(|event| serde_json::from_str::<IgnoredAny>(event).is_ok());
        read.count()
    });
    let read = || {
        let (mut parser, mut items) = (SseParser::default(), Vec::new());
        for piece in body.as_bytes().chunks(PIECE) {
            parser.push(piece, &mut items);
        }
        parser.finish(&mut items);
        items.len()
    };
    assert_eq!(read(), EVENTS, "every event is read");
    floor.beside("a stream of 400 events read", read);
}
