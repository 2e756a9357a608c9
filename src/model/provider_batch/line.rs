//! One request as a batch takes it: what a session asks, without the fields that ask for a stream.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Fields that a batch does not take.
const STREAMING: [&str; 2] = ["stream", "stream_options"];

/// The fields of a body, each in the bytes it had.
type RawFields = BTreeMap<String, Box<RawValue>>;

/// A body without the fields that ask for a stream, and these fields.
pub(super) fn without_stream(body: &[u8]) -> serde_json::Result<(String, RawFields)> {
    let mut fields: RawFields = serde_json::from_slice(body)?;
    let taken = STREAMING.into_iter().filter_map(|name| fields.remove_entry(name));
    let taken = taken.collect();
    Ok((serde_json::to_string(&fields)?, taken))
}

pub(super) fn with_fields(body: &str, fields: &RawFields) -> serde_json::Result<Vec<u8>> {
    let mut all: BTreeMap<&str, &RawValue> = serde_json::from_str(body)?;
    all.extend(fields.iter().map(|(name, value)| (name.as_str(), &**value)));
    serde_json::to_vec(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_taken_out_and_put_back_and_numbers_keep_their_digits() {
        let body = br#"{"messages":[{"n":12345678901234567890123}],"stream":true,"stream_options":{"include_usage":true}}"#;
        let (without, fields) = without_stream(body).unwrap();
        assert_eq!(without, r#"{"messages":[{"n":12345678901234567890123}]}"#);
        let again = with_fields(&without, &fields).unwrap();
        assert_eq!(again, body);
    }
}
