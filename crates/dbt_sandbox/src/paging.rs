//! Lists: filters, order, pages, and the envelope around them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::envelope::AdminFault;

/// Rows of a page at most, also when more are asked for.
const MOST: usize = 100;
/// Rows of a page when nothing is asked for.
const USUAL: usize = 100;

/// The query of a list.
#[derive(Debug, Clone)]
pub(crate) struct PageQuery {
    pairs: Vec<(String, String)>,
    limit: usize,
    offset: usize,
}

impl PageQuery {
    pub(crate) fn parse(query: &str) -> Result<Self, AdminFault> {
        let pairs: Vec<(String, String)> = pairs(query);
        let number = |name: &str, default: usize| match pairs.iter().find(|(key, _)| key == name) {
            None => Ok(default),
            Some((_, value)) => value
                .parse::<usize>()
                .map_err(|_| AdminFault::invalid(name, "A valid integer is required.")),
        };
        let (limit, offset) = (number("limit", USUAL)?, number("offset", 0)?);
        if limit == 0 {
            return Err(AdminFault::invalid(
                "limit",
                "Ensure this value is greater than or equal to 1.",
            ));
        }
        Ok(Self {
            limit: limit.min(MOST),
            offset,
            pairs,
        })
    }

    /// A value of the query.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// What `include_related` names; clients write `['a','b']`, `["a"]` or `a,b`.
    pub(crate) fn related(&self) -> Vec<String> {
        self.get("include_related").map(listed).unwrap_or_default()
    }

    /// The page of what passes the filters, in its envelope. `filters` are the fields that this list can be narrowed by.
    pub(crate) fn page(&self, items: Vec<Value>, filters: &[&str]) -> Response {
        let mut kept: Vec<Value> = items
            .into_iter()
            .filter(|item| self.matches(item, filters))
            .collect();
        let order = self.get("order_by").unwrap_or("id");
        sort(&mut kept, order);
        let total = kept.len();
        let page: Vec<Value> = kept.into_iter().skip(self.offset).take(self.limit).collect();
        let shown: Map<String, Value> = self
            .pairs
            .iter()
            .filter(|(key, _)| key != "order_by" && key != "include_related")
            .map(|(key, value)| {
                (
                    key.clone(),
                    value
                        .parse::<i64>()
                        .map_or_else(|_| json!(value), |number| json!(number)),
                )
            })
            .chain([
                ("limit".to_owned(), json!(self.limit)),
                ("offset".to_owned(), json!(self.offset)),
            ])
            .collect();
        let pagination = json!({ "count": page.len(), "total_count": total });
        Json(json!({
            "data": page,
            "status": { "code": 200, "is_success": true, "user_message": "Success!", "developer_message": null },
            "extra": { "filters": shown, "order_by": order, "pagination": pagination },
        }))
        .into_response()
    }

    fn matches(&self, item: &Value, filters: &[&str]) -> bool {
        // What was deleted is only listed for those who ask for it.
        let state = match self.get("state") {
            None | Some("active" | "1") => Some(1),
            Some("deleted" | "2") => Some(2),
            Some(_) => None,
        };
        let of_item = item.get("state").and_then(Value::as_i64).unwrap_or(1);
        if state.is_some_and(|state| state != of_item) {
            return false;
        }
        self.pairs
            .iter()
            .filter(|(key, _)| key != "state")
            .all(|(key, wanted)| {
                let (field, how) = key.split_once("__").unwrap_or((key, ""));
                let field = if field == "pk" { "id" } else { field };
                if !filters.contains(&field) {
                    return true;
                }
                fits(&plain(item.get(field).unwrap_or(&Value::Null)), how, wanted)
            })
    }
}

fn fits(value: &str, how: &str, wanted: &str) -> bool {
    let compared = |other: &str| match (value.parse::<i64>(), other.parse::<i64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        // Moments are written with `T` or a space in between.
        _ => value
            .replace('T', " ")
            .as_str()
            .cmp(other.replace('T', " ").as_str()),
    };
    match how {
        "" => value == wanted,
        "in" => listed(wanted).iter().any(|one| one == value),
        "icontains" => value.to_lowercase().contains(&wanted.to_lowercase()),
        "gt" => compared(wanted).is_gt(),
        "gte" => compared(wanted).is_ge(),
        "lt" => compared(wanted).is_lt(),
        "lte" => compared(wanted).is_le(),
        "range" => match listed(wanted).as_slice() {
            [from, to] => !value.is_empty() && compared(from).is_ge() && compared(to).is_le(),
            _ => false,
        },
        _ => true,
    }
}

fn sort(items: &mut [Value], order: &str) {
    let (field, downwards) = order
        .strip_prefix('-')
        .map_or((order, false), |field| (field, true));
    items.sort_by(|a, b| {
        let (a, b) = (
            a.get(field).unwrap_or(&Value::Null),
            b.get(field).unwrap_or(&Value::Null),
        );
        let ordering = match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => plain(a).cmp(&plain(b)),
        };
        if downwards { ordering.reverse() } else { ordering }
    });
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A list as clients write it.
pub(crate) fn listed(text: &str) -> Vec<String> {
    text.trim()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split(',')
        .map(|one| one.trim().trim_matches(['\'', '"']).to_owned())
        .filter(|one| !one.is_empty())
        .collect()
}

/// Keys and values of a query string, decoded.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}
