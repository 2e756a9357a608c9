//! A credential that a server echoes goes no further. Whatever a request carries as a credential is taken out of its
//! response, headers and body alike, right above the transport: so everything above (errors, logs, tapes, the cache, what a
//! model reads) sees the response without it, and a tape holds what the agent saw. Our own words never pass here, so that a
//! credential that is part of an address does not spoil an error that names the address. [`SecretTexts`] finds a credential
//! however it is written; where a model answers, one that is spread over the events of a stream is found as well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use tower::ServiceExt;

use super::respelled::{CountedParts, TextLook};
use super::secret_texts::{SecretTexts, without};
use super::service::{LayerResult, LayerService};
use super::split_secrets::clean_events;
use super::{BodyStream, Purpose, REDACTED, WireRequest, is_secret};

/// Shorter credentials are part of so many words that taking them out would leave nothing to read.
const SHORTEST: usize = 4;
/// Credentials below this length, or made of digits only, may occur in data by chance. They are taken out of failures only,
/// where nothing is lost.
const SHORTEST_IN_DATA: usize = 8;

/// Bytes of a body that are remembered when they were passed on: a credential in another spelling may have begun in them.
const REMEMBERED: usize = 256;
/// Signs at the end of a piece that keep it when a credential in another spelling begins with them.
const OPEN_FROM: usize = 8;

/// What one request carries as a credential, in the ways a server may write it.
#[derive(Debug, Default)]
struct SentCredentials {
    /// Long enough to be taken out of data too.
    anywhere: Vec<String>,
    /// Taken out of failures only.
    in_failures: Vec<String>,
}

/// Sends a request, and takes its credentials out of the response.
pub(super) async fn without_echo(below: LayerService, request: WireRequest) -> LayerResult {
    let sent = SentCredentials::of(&request);
    let is_told = request.policy.purpose == Purpose::Completion;
    let mut response = below.oneshot(request).await?;
    let fails = !response.status.is_success();
    let secrets = sent.texts(fails);
    if secrets.is_empty() {
        return Ok(response);
    }
    clean_headers(&mut response.headers, &secrets);
    response.body = match (fails, is_told) {
        (true, _) => clean_whole(response.body, secrets),
        (false, false) => clean_stream(response.body, secrets, CountedParts::Telling),
        (false, true) => clean_events(
            clean_stream(response.body, secrets.clone(), CountedParts::None),
            secrets,
        ),
    };
    Ok(response)
}

impl SentCredentials {
    fn of(request: &WireRequest) -> Self {
        let mut sent = Self::default();
        for (name, value) in &request.headers {
            let named = is_secret(name.as_str());
            if let Some(value) = value.to_str().ok().filter(|_| named || value.is_sensitive()) {
                let value = without_scheme(value);
                sent.add(value, named);
                // A name and a password, which a server may show apart.
                if let Some(both) = STANDARD
                    .decode(value)
                    .ok()
                    .and_then(|both| String::from_utf8(both).ok())
                    && let Some((_, password)) = both.split_once(':')
                {
                    sent.add(password, named);
                }
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
        sent
    }

    /// What is taken out of a response.
    fn texts(self, of_a_failure: bool) -> SecretTexts {
        let mut texts = self.anywhere;
        if of_a_failure {
            texts.extend(self.in_failures);
        }
        SecretTexts::of(texts)
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
        texts.push(secret.to_owned());
        // Its characters are found in any spelling, but for those that spellings are made of.
        if secret.contains(['\\', '%', '&']) {
            let quoted = Value::from(secret).to_string();
            texts.push(quoted.trim_matches('"').to_owned());
            texts.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
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

fn clean_headers(headers: &mut HeaderMap, secrets: &SecretTexts) {
    for value in headers.values_mut() {
        if let Some(clean) = secrets.clean(value.as_bytes()) {
            *value = HeaderValue::from_bytes(&clean).unwrap_or(HeaderValue::from_static(REDACTED));
        }
    }
}

/// A body that is passed on as it comes. Where its pieces are split stays as it was, unless a credential may begin at the
/// end of one. `parts` of one count where no later look puts pieces together.
fn clean_stream(mut body: BodyStream, secrets: SecretTexts, parts: CountedParts) -> BodyStream {
    async_stream::stream! {
        let mut passing = PassingBytes::new(secrets, parts);
        while let Some(chunk) = body.next().await {
            let (piece, error) = match chunk {
                Ok(chunk) => (passing.push(&chunk), None),
                Err(error) => (passing.finish(), Some(error)),
            };
            if !piece.is_empty() {
                yield Ok(piece);
            }
            if let Some(error) = error {
                yield Err(error);
                return;
            }
        }
        let rest = passing.finish();
        if !rest.is_empty() {
            yield Ok(rest);
        }
    }
    .boxed()
}

/// What of a body was passed on and what waits for more of it.
struct PassingBytes {
    secrets: SecretTexts,
    parts: CountedParts,
    /// The end of what was passed on, as it came.
    before: Vec<u8>,
    /// Whether it ended in a credential.
    ends_in_one: bool,
    /// What may be the beginning of a credential.
    kept: BytesMut,
}

impl PassingBytes {
    fn new(secrets: SecretTexts, parts: CountedParts) -> Self {
        Self {
            secrets,
            parts,
            before: Vec::new(),
            ends_in_one: false,
            kept: BytesMut::new(),
        }
    }

    fn push(&mut self, chunk: &[u8]) -> Bytes {
        self.kept.extend_from_slice(chunk);
        self.pass(false)
    }

    fn finish(&mut self) -> Bytes {
        self.pass(true)
    }

    fn pass(&mut self, is_end: bool) -> Bytes {
        let look = TextLook {
            parts: self.parts,
            is_end,
            open_from: OPEN_FROM,
        };
        let behind = self.before.len();
        self.before.extend_from_slice(&self.kept);
        let found = self.secrets.find(&self.before, look);
        let here = |at: usize| at.saturating_sub(behind);
        let open = found.open.filter(|_| !is_end).map(here);
        let held = open.map_or_else(BytesMut::new, |at| self.kept.split_off(at.min(self.kept.len())));
        let mut passed = std::mem::replace(&mut self.kept, held).freeze();
        let places = found.whole.iter().map(|place| here(place.start)..here(place.end));
        let mut places: Vec<_> = places.filter(|place| !place.is_empty()).collect();
        self.before.truncate(behind.saturating_add(passed.len()));
        let old = self.before.len().saturating_sub(REMEMBERED);
        self.before.drain(..old);
        if passed.is_empty() {
            return passed;
        }
        let ended_in_one = self.ends_in_one;
        self.ends_in_one = places.last().is_some_and(|place| place.end == passed.len());
        // The rest of one that is marked already.
        if let Some(rest) = places.first().filter(|place| ended_in_one && place.start == 0) {
            let rest = rest.end;
            passed = passed.slice(rest..);
            places.remove(0);
            for place in &mut places {
                *place = place.start.saturating_sub(rest)..place.end.saturating_sub(rest);
            }
        }
        without(&passed, &places).map_or(passed, Bytes::from)
    }
}

/// The body of a failure, in one piece.
fn clean_whole(mut body: BodyStream, secrets: SecretTexts) -> BodyStream {
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
        let whole = secrets.clean(&whole).unwrap_or(whole);
        if !whole.is_empty() {
            yield Ok(Bytes::from(whole));
        }
        if let Some(error) = broken {
            yield Err(error);
        }
    }
    .boxed()
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
        let secrets = SecretTexts::of(vec![secret.to_owned()]);
        let body = clean_stream(stream::iter(pieces).boxed(), secrets, CountedParts::Telling);
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
}
