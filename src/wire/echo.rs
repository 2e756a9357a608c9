//! A credential that a server echoes goes no further. Whatever a request carries as a credential is taken out of its
//! response, headers and body alike, right above the transport: so everything above (errors, logs, tapes, the cache, what a
//! model reads) sees the response without it, and a tape holds what the agent saw. Our own words never pass here, so that a
//! credential that is part of an address does not spoil an error that names the address.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue};
use memchr::memmem;
use serde_json::Value;
use tower::ServiceExt;

use super::service::{LayerResult, LayerService};
use super::{BodyStream, Purpose, REDACTED, WireRequest, is_secret};

/// Shorter credentials are part of so many words that taking them out would leave nothing to read.
const SHORTEST: usize = 4;
/// Credentials below this length, or made of digits only, may occur in data by chance. They are taken out of failures only,
/// where nothing is lost.
const SHORTEST_IN_DATA: usize = 8;

/// What one request carries as a credential, in the ways a server may write it.
#[derive(Debug, Default)]
struct SentCredentials {
    /// Long enough to be taken out of data too.
    anywhere: Vec<Vec<u8>>,
    /// Taken out of failures only.
    in_failures: Vec<Vec<u8>>,
}

/// Sends a request, and takes its credentials out of the response.
pub(super) async fn without_echo(below: LayerService, request: WireRequest) -> LayerResult {
    let sent = SentCredentials::of(&request);
    let mut response = below.oneshot(request).await?;
    if response.status.is_success() {
        clean_headers(&mut response.headers, &sent.anywhere);
        if !sent.anywhere.is_empty() {
            response.body = clean_stream(response.body, sent.anywhere);
        }
    } else {
        let all = [sent.anywhere, sent.in_failures].concat();
        clean_headers(&mut response.headers, &all);
        if !all.is_empty() {
            response.body = clean_whole(response.body, all);
        }
    }
    Ok(response)
}

impl SentCredentials {
    fn of(request: &WireRequest) -> Self {
        let mut sent = Self::default();
        for (name, value) in &request.headers {
            let named = is_secret(name.as_str());
            if let Some(value) = value.to_str().ok().filter(|_| named || value.is_sensitive()) {
                sent.add(without_scheme(value), named);
            }
        }
        for (name, value) in request.url.query_pairs() {
            // Some servers take a key as `?key=`.
            if is_secret(&name) || name == "key" {
                sent.add(&value, true);
            }
        }
        if request.policy.purpose == Purpose::Auth
            && let Some(body) = &request.body
            && let Ok(body) = serde_json::from_slice(&body.bytes())
        {
            sent.add_fields(&body);
        }
        // The longest first, so that no rest of one stays behind when another is a part of it.
        for texts in [&mut sent.anywhere, &mut sent.in_failures] {
            texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            texts.dedup();
        }
        sent
    }

    fn add_fields(&mut self, body: &Value) {
        match body {
            Value::Array(items) => items.iter().for_each(|item| self.add_fields(item)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    match field {
                        Value::String(text) if is_secret(name) => self.add(text, true),
                        other => self.add_fields(other),
                    }
                }
            }
            _ => {}
        }
    }

    /// `named`: its place says that it is a credential. A header that was only marked as one may hold any word.
    fn add(&mut self, secret: &str, named: bool) {
        if secret.len() < SHORTEST {
            return;
        }
        let distinct = secret.len() >= SHORTEST_IN_DATA && !secret.bytes().all(|byte| byte.is_ascii_digit());
        let texts = if named && distinct {
            &mut self.anywhere
        } else {
            &mut self.in_failures
        };
        texts.push(secret.as_bytes().to_vec());
        let quoted = Value::from(secret).to_string();
        let quoted = quoted.trim_matches('"');
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for other in [quoted.to_owned(), quoted.replace('/', r"\/"), encoded] {
            if other != secret {
                texts.push(other.into_bytes());
            }
        }
    }
}

/// The credential of a header such as `Bearer abc`.
fn without_scheme(value: &str) -> &str {
    match value.trim().split_once(' ') {
        Some((scheme, rest))
            if ["bearer", "basic", "token"]
                .iter()
                .any(|known| scheme.eq_ignore_ascii_case(known)) =>
        {
            rest.trim()
        }
        _ => value.trim(),
    }
}

fn clean_headers(headers: &mut HeaderMap, secrets: &[Vec<u8>]) {
    for value in headers.values_mut() {
        if let Some(clean) = clean(value.as_bytes(), secrets) {
            *value = HeaderValue::from_bytes(&clean).unwrap_or(HeaderValue::from_static(REDACTED));
        }
    }
}

/// A body that is passed on as it comes. Where its pieces are split stays as it was, unless a credential may begin at the
/// end of one.
fn clean_stream(mut body: BodyStream, secrets: Vec<Vec<u8>>) -> BodyStream {
    async_stream::stream! {
        let mut kept = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    if !kept.is_empty() {
                        yield Ok(kept.split().freeze());
                    }
                    yield Err(error);
                    return;
                }
            };
            let mut piece = if kept.is_empty() {
                chunk
            } else {
                kept.extend_from_slice(&chunk);
                kept.split().freeze()
            };
            if let Some(clean) = clean(&piece, &secrets) {
                piece = clean.into();
            }
            let open = unfinished(&piece, &secrets);
            if open > 0 {
                kept.extend_from_slice(&piece.split_off(piece.len().saturating_sub(open)));
            }
            if !piece.is_empty() {
                yield Ok(piece);
            }
        }
        if !kept.is_empty() {
            yield Ok(kept.freeze());
        }
    }
    .boxed()
}

/// The body of a failure, in one piece.
fn clean_whole(mut body: BodyStream, secrets: Vec<Vec<u8>>) -> BodyStream {
    async_stream::stream! {
        let (mut whole, mut broken) = (Vec::new(), None);
        while let Some(chunk) = body.next().await {
            match chunk {
                Ok(chunk) => whole.extend_from_slice(&chunk),
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        let whole = clean(&whole, &secrets).unwrap_or(whole);
        if !whole.is_empty() {
            yield Ok(Bytes::from(whole));
        }
        if let Some(error) = broken {
            yield Err(error);
        }
    }
    .boxed()
}

/// The text without the secrets; `None` when it holds none of them.
fn clean(text: &[u8], secrets: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut cleaned: Option<Vec<u8>> = None;
    for secret in secrets {
        let now = cleaned.as_deref().unwrap_or(text);
        let places: Vec<usize> = memmem::find_iter(now, secret)
            .filter(|at| secret.len() >= SHORTEST_IN_DATA || stands_alone(now, *at, secret.len()))
            .collect();
        if places.is_empty() {
            continue;
        }
        let mut clean = Vec::with_capacity(now.len());
        let mut from = 0;
        for at in places {
            clean.extend_from_slice(now.get(from..at).unwrap_or_default());
            clean.extend_from_slice(REDACTED.as_bytes());
            from = at.saturating_add(secret.len());
        }
        clean.extend_from_slice(now.get(from..).unwrap_or_default());
        cleaned = Some(clean);
    }
    cleaned
}

/// Whether a short secret is a word of its own there: the `test` in `latest` is not.
fn stands_alone(text: &[u8], at: usize, length: usize) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    !is_word(before) && !is_word(text.get(at.saturating_add(length)))
}

/// Bytes at the end of a piece that a secret may begin with.
fn unfinished(piece: &[u8], secrets: &[Vec<u8>]) -> usize {
    let longest = |secret: &Vec<u8>| {
        let most = secret.len().saturating_sub(1).min(piece.len());
        (1..=most)
            .rev()
            .find(|length| secret.get(..*length).is_some_and(|begin| piece.ends_with(begin)))
            .unwrap_or(0)
    };
    secrets.iter().map(longest).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn cleaned(pieces: &[&str], secret: &str) -> Vec<String> {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| Ok(Bytes::copy_from_slice(piece.as_bytes())))
            .collect();
        let body = clean_stream(stream::iter(pieces).boxed(), vec![secret.as_bytes().to_vec()]);
        body.map(|piece| String::from_utf8(piece.unwrap().to_vec()).unwrap())
            .collect()
            .await
    }

    #[tokio::test]
    async fn a_credential_is_found_however_the_body_is_split() {
        let (secret, body) = ("mb_secret_mb_key", "a mb_secret_mb_key b mb_secret_mb_ke");
        for first in 0..=body.len() {
            for second in first..=body.len() {
                let (a, rest) = body.split_at(first);
                let (b, c) = rest.split_at(second - first);
                let seen = cleaned(&[a, b, c], secret).await.concat();
                assert_eq!(seen, "a [redacted] b mb_secret_mb_ke", "{first} {second}");
            }
        }
    }

    #[tokio::test]
    async fn pieces_stay_as_they_were_where_no_credential_may_begin() {
        let pieces = ["data: one\n\n", "data: two\n\n"];
        assert_eq!(cleaned(&pieces, "mb_secret_key").await, pieces);
    }

    #[test]
    fn short_credentials_are_words_of_their_own() {
        let secrets = [b"test".to_vec()];
        let seen = clean(b"the latest key 'test' failed", &secrets).unwrap();
        assert_eq!(seen, b"the latest key '[redacted]' failed");
    }
}
