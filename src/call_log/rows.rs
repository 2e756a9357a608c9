use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Longer bodies are not counted.
const LONGEST: usize = 8 * 1024 * 1024;

/// How many rows or items a response has: of a list, of the list under `data`, or of the list under `rows` in there. `None`
/// where it has none of these.
pub(crate) fn count_rows(body: &[u8]) -> Option<u64> {
    if body.len() > LONGEST {
        return None;
    }
    let JsonRowCount(rows) = serde_json::from_slice(body).ok()?;
    rows
}

/// A value as far as its rows go.
struct JsonRowCount(Option<u64>);

impl<'de> Deserialize<'de> for JsonRowCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = JsonRowCount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response")
    }

    fn visit_unit<E>(self) -> Result<JsonRowCount, E> {
        Ok(JsonRowCount(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<JsonRowCount, E> {
        Ok(JsonRowCount(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<JsonRowCount, E> {
        Ok(JsonRowCount(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<JsonRowCount, E> {
        Ok(JsonRowCount(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<JsonRowCount, E> {
        Ok(JsonRowCount(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<JsonRowCount, E> {
        Ok(JsonRowCount(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<JsonRowCount, A::Error> {
        let mut count = 0_u64;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count = count.saturating_add(1);
        }
        Ok(JsonRowCount(Some(count)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<JsonRowCount, A::Error> {
        let mut rows = None;
        while let Some(name) = fields.next_key::<String>()? {
            if name == "data" || name == "rows" {
                let JsonRowCount(found) = fields.next_value()?;
                rows = found.or(rows);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(JsonRowCount(rows))
    }
}
