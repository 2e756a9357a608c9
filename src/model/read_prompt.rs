//! Servers that read less of a prompt than they were sent, and say nothing of it. Ollama cuts whatever its context has no room
//! for, the system prompt and the tools too. What gives it away is the number of tokens that it says it read.

use super::{ModelRequest, Usage};

/// Bytes that no token stands for, whatever the language and the model: three to five are usual.
const MOST_BYTES_PER_TOKEN: u64 = 8;
/// The same where the number is one that contexts have, which a prompt has by chance once in a thousand times.
const MOST_OF_A_FULL_CONTEXT: u64 = 5;
/// The sizes of contexts are multiples of this, in tokens.
const CONTEXT_STEP: u64 = 1024;
/// A smaller number says nothing: there are no such contexts, but servers that count only what was new to them.
const LEAST_TOKENS: u64 = 1024;

/// What a person is told where the server read much less of a prompt than was sent.
pub(crate) fn cut_prompt(request: &ModelRequest, usage: Option<Usage>) -> Option<String> {
    let tokens = usage?.input_tokens;
    let bytes = request.bytes();
    let most = if tokens.is_multiple_of(CONTEXT_STEP) {
        MOST_OF_A_FULL_CONTEXT
    } else {
        MOST_BYTES_PER_TOKEN
    };
    (tokens >= LEAST_TOKENS && tokens.saturating_mul(most) < bytes).then(|| {
        let kilobytes = bytes.div_ceil(1000);
        format!(
            "The model's server says that it read {tokens} tokens, which is too few for the {kilobytes} kB that it was sent: it \
             seems to have cut the prompt. Give the model a larger context (num_ctx; Ollama: OLLAMA_CONTEXT_LENGTH)."
        )
    })
}
