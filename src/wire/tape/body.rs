//! A response's body on a tape: every byte and every split point, told so that a person can read it. A stream's
//! events mostly repeat each other; of each event only what differs from the one before is written.

use bytes::Bytes;
use memchr::memchr_iter;
use serde::Serialize;
use serde_json::Value;

/// Shared bytes that are not worth a reference.
const SHORT: usize = 12;

/// A body as it is written, the fields in the order of their names.
#[derive(Default, Serialize)]
struct WrittenBody<'b> {
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// The length of each piece, when there was more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cuts: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<WrittenEvent<'b>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'b str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenEvent<'b> {
    Whole(&'b str),
    /// Bytes shared at the start with the one before, what differs, and bytes shared at the end.
    Folded(usize, &'b str, usize),
}

/// The body, which is `whole` and came in these pieces, as JSON: `text` or `events` (or `base64`, when it is not text), and
/// `cuts`, when there was more than one piece.
pub(super) fn write(whole: &[u8], chunks: &[Bytes]) -> serde_json::Result<String> {
    use base64::Engine as _;
    let mut body = WrittenBody {
        cuts: (chunks.len() > 1).then(|| chunks.iter().map(Bytes::len).collect()),
        ..WrittenBody::default()
    };
    match str::from_utf8(whole) {
        Ok(text) => match events(text) {
            events if events.len() > 1 => body.events = Some(fold(&events)),
            _ => body.text = Some(text),
        },
        Err(_) => body.base64 = Some(base64::engine::general_purpose::STANDARD.encode(whole)),
    }
    serde_json::to_string(&body)
}

/// The pieces that were written.
pub(super) fn read(body: &Value) -> Result<Vec<Bytes>, String> {
    use base64::Engine as _;
    let whole: Vec<u8> = if let Some(text) = body.get("text").and_then(Value::as_str) {
        text.as_bytes().to_vec()
    } else if let Some(events) = body.get("events").and_then(Value::as_array) {
        unfold(events)?.into_bytes()
    } else if let Some(encoded) = body.get("base64").and_then(Value::as_str) {
        base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .map_err(|error| format!("its body is not base64: {error}"))?
    } else {
        return Err("its body is in no known form".to_owned());
    };
    let mut rest = Bytes::from(whole);
    let Some(cuts) = body.get("cuts").and_then(Value::as_array) else {
        return Ok(if rest.is_empty() { Vec::new() } else { vec![rest] });
    };
    let mut chunks = Vec::with_capacity(cuts.len());
    for cut in cuts {
        let length = cut.as_u64().and_then(|length| usize::try_from(length).ok());
        let length = length.filter(|length| *length <= rest.len());
        chunks.push(rest.split_to(length.ok_or("its cuts do not fit its body")?));
    }
    if rest.is_empty() {
        Ok(chunks)
    } else {
        Err("its cuts do not fit its body".to_owned())
    }
}

/// The text, split behind every empty line.
fn events(text: &str) -> Vec<&str> {
    let (mut events, mut start) = (Vec::new(), 0);
    for line_end in memchr_iter(b'\n', text.as_bytes()) {
        let behind = text.as_bytes().get(line_end + 1..).unwrap_or_default();
        let line = text.as_bytes().get(start..line_end).unwrap_or_default();
        let end = if behind.starts_with(b"\n") {
            line_end + 2
        } else if line.ends_with(b"\r") && behind.starts_with(b"\r\n") {
            line_end + 3
        } else {
            continue;
        };
        // The second of two line ends is behind the event already.
        if line_end < start {
            continue;
        }
        events.extend(text.get(start..end));
        start = end;
    }
    events.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    events
}

/// Each event as it is, or as what differs from the one before.
fn fold<'b>(events: &[&'b str]) -> Vec<WrittenEvent<'b>> {
    let mut before = "";
    events
        .iter()
        .map(|event| {
            let folded = folded(before, event);
            before = event;
            folded
        })
        .collect()
}

fn folded<'b>(before: &str, event: &'b str) -> WrittenEvent<'b> {
    let mut head = shared(before.bytes(), event.bytes());
    while !event.is_char_boundary(head) {
        head -= 1;
    }
    let (old, new) = (
        before.get(head..).unwrap_or_default(),
        event.get(head..).unwrap_or_default(),
    );
    let mut tail = shared(old.bytes().rev(), new.bytes().rev());
    while !new.is_char_boundary(new.len() - tail) {
        tail -= 1;
    }
    if head + tail < SHORT {
        return WrittenEvent::Whole(event);
    }
    let differs = new.get(..new.len().saturating_sub(tail)).unwrap_or_default();
    WrittenEvent::Folded(head, differs, tail)
}

/// How many bytes are the same, one after the other.
fn shared(one: impl Iterator<Item = u8>, other: impl Iterator<Item = u8>) -> usize {
    one.zip(other).take_while(|(a, b)| a == b).count()
}

fn unfold(events: &[Value]) -> Result<String, String> {
    let (mut whole, mut before) = (String::new(), String::new());
    for event in events {
        let text = match event {
            Value::String(text) => text.clone(),
            other => unfolded(&before, other).ok_or("an event of its body does not follow the one before")?,
        };
        whole.push_str(&text);
        before = text;
    }
    Ok(whole)
}

fn unfolded(before: &str, event: &Value) -> Option<String> {
    let length = |at: usize| {
        event
            .get(at)?
            .as_u64()
            .and_then(|length| usize::try_from(length).ok())
    };
    let (head, tail) = (length(0)?, length(2)?);
    let head = before.get(..head)?;
    let tail = before.get(before.len().checked_sub(tail)?..)?;
    Some(format!("{head}{}{tail}", event.get(1)?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written_and_read(chunks: &[Bytes]) -> Vec<Bytes> {
        let written = write(&chunks.concat(), chunks).unwrap();
        let body: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(body.to_string(), written, "the fields are in another order");
        read(&body).unwrap()
    }

    #[test]
    fn every_body_comes_back_in_the_same_pieces() {
        let stream =
            "data: {\"id\":1,\"text\":\"€uro\"}\n\ndata: {\"id\":1,\"text\":\"€ure\"}\r\n\r\nretry: 1";
        for text in [
            "",
            "x",
            stream,
            "a\n\n",
            "\n\n\n\n\n",
            "a\r\n\r\n\r\nb\n\r\n\r\n\n",
        ] {
            let bytes = text.as_bytes();
            for cut in 0..=bytes.len() {
                let (head, tail) = bytes.split_at(cut);
                let chunks: Vec<Bytes> = [head, tail]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .map(Bytes::copy_from_slice)
                    .collect();
                assert_eq!(written_and_read(&chunks), chunks, "{text:?} cut at {cut}");
            }
        }
        let binary = [Bytes::from_static(&[0xff, 0xfe]), Bytes::from_static(b"x")];
        assert_eq!(written_and_read(&binary), binary);
    }
}
