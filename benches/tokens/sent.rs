//! What was sent to a model, counted.

use serde_json::Value;

/// Bytes taken for one token.
const BYTES_PER_TOKEN: usize = 4;

/// The prompts of a conversation, in the order they were sent.
#[derive(Debug, Default)]
pub(crate) struct SentPrompts {
    pub(crate) requests: usize,
    bytes: usize,
    /// Bytes of all requests that another one followed, and how many of them that one began with.
    followed: usize,
    kept: usize,
    last: Vec<u8>,
    /// Rows that results showed, and the bytes they took.
    rows: usize,
    row_bytes: usize,
}

impl SentPrompts {
    /// Takes in a request of chat completions.
    pub(crate) fn add(&mut self, request: &Value) {
        let prompt = prompt(request);
        if self.requests > 0 {
            let kept = self
                .last
                .iter()
                .zip(&prompt)
                .take_while(|(before, now)| before == now);
            self.kept += kept.count();
            self.followed += self.last.len();
        }
        self.requests += 1;
        self.bytes += prompt.len();
        self.last = prompt;
    }

    /// Takes in a result, as the model was shown it.
    pub(crate) fn shown(&mut self, rows: usize, bytes: usize) {
        self.rows += rows;
        self.row_bytes += bytes;
    }

    pub(crate) fn tokens(&self) -> usize {
        self.bytes / BYTES_PER_TOKEN
    }

    pub(crate) fn tokens_f64(&self) -> f64 {
        float(self.tokens())
    }

    /// The share of a request's bytes that the next one begins with, which a provider's cache can serve.
    pub(crate) fn extending(&self) -> f64 {
        float(self.kept) / float(self.followed.max(1))
    }

    /// How many rows stand in so many bytes of a result.
    pub(crate) fn rows_in(&self, bytes: usize) -> f64 {
        float(self.rows) * float(bytes) / float(self.row_bytes.max(1))
    }
}

/// What a provider reads, in its order, without what closes a list: only so can one prompt begin with another.
fn prompt(request: &Value) -> Vec<u8> {
    let mut prompt = Vec::new();
    for list in ["tools", "messages"] {
        for item in request.get(list).and_then(Value::as_array).into_iter().flatten() {
            prompt.extend_from_slice(item.to_string().as_bytes());
            prompt.push(b'\n');
        }
    }
    prompt
}

#[expect(clippy::cast_precision_loss, reason = "some megabytes")]
fn float(number: usize) -> f64 {
    number as f64
}
