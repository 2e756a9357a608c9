use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct ResourceAddress {
    /// The parts of its path, decoded.
    pub(super) segments: Vec<String>,
    params: BTreeMap<String, String>,
}

pub(super) struct ListPage<T> {
    pub(super) items: Vec<T>,
    pub(super) total: usize,
    pub(super) page: usize,
    pub(super) pages: usize,
}

const PAGE: usize = 25;

impl ResourceAddress {
    /// Takes an address apart; the error is for the one who wrote it.
    pub(super) fn parse(uri: &str) -> Result<Self, String> {
        let rest = uri
            .strip_prefix("metabase://")
            .ok_or_else(|| format!("Invalid URI scheme. Expected 'metabase://' but got: {uri}"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.trim().is_empty())
            .map(decoded)
            .collect();
        if segments.is_empty() {
            return Err(format!("Invalid URI: {uri} — empty path"));
        }
        let pairs = query.split('&').filter(|pair| !pair.trim().is_empty());
        let params = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Ok(Self {
            segments,
            params: params
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// Whether a parameter is `true`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.params.get(name).is_some_and(|value| value == "true")
    }

    /// The page of a list that it asks for; a page that is not there is an error.
    pub(super) fn page<T>(&self, items: Vec<T>) -> Result<ListPage<T>, String> {
        let total = items.len();
        let pages = total.div_ceil(PAGE).max(1);
        let asked = self.params.get("page").and_then(|page| page.parse::<i64>().ok());
        let page = usize::try_from(asked.unwrap_or(1)).unwrap_or_default();
        if page < 1 || page > pages {
            let shown = asked.unwrap_or(1);
            let plural = if pages == 1 { "page" } else { "pages" };
            return Err(format!("Invalid page {shown}. This list has {pages} {plural}."));
        }
        let items = items.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
        Ok(ListPage {
            items,
            total,
            page,
            pages,
        })
    }
}

/// A part of a path without its percent signs; what does not decode stays as it is.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut pair = rest.clone();
        let digits: Vec<u8> = pair.by_ref().take(2).collect();
        let value = std::str::from_utf8(&digits)
            .ok()
            .filter(|digits| digits.len() == 2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = pair;
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
