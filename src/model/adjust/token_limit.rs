//! The numbers in refusals of a limit of tokens: a model writes no more than some number of them, or a context has no room for as
//! many behind the conversation.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::salvage::compiled;

/// Least limit that a refusal can name, in tokens: what is less is no limit but a status or a version.
const LEAST: u32 = 16;
/// A number that stands for itself, and what tells that the largest allowed one is less.
const NUMBER: &str = r"(?x)(?:(?P<less>(?:less|lower|smaller|fewer)\ than|below|under)\W{1,3})?(?P<number>\d{1,3}(?:,\d{3})+\b|\d+)(?P<out>\s*\(exclusive\))?";

static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NUMBER));

/// What to send in place of a limit that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum TokenLimitAdvice {
    /// The largest limit that the server takes.
    AtMost(u32),
    /// No limit: how much room is left depends on the conversation.
    None,
}

/// What to send where the words are that a context has no room for so many behind the conversation. `None` when they do not count the
/// limit.
pub(super) fn room(words: &str, sent: u32) -> Option<TokenLimitAdvice> {
    let is_counted = numbers(words).iter().any(|number| number.value == sent);
    is_counted.then_some(TokenLimitAdvice::None)
}

/// What to send where the words are that the limit is too large: the largest that they name.
pub(super) fn largest(words: &str, sent: u32) -> TokenLimitAdvice {
    let numbers = numbers(words);
    // What a limit has to be below is told more exactly than what is exceeded.
    let largest = |is_outside: bool| {
        let named = numbers.iter().filter(|number| number.is_outside == is_outside);
        let allowed = named.map(|number| number.value.saturating_sub(u32::from(is_outside)));
        allowed.filter(|tokens| (LEAST..sent).contains(tokens)).max()
    };
    let named = largest(true).or_else(|| largest(false));
    named.map_or(TokenLimitAdvice::None, TokenLimitAdvice::AtMost)
}

/// A number of a refusal.
struct NamedNumber {
    value: u32,
    /// Whether it is the least that is refused.
    is_outside: bool,
}

/// The numbers of a text that are part of no name.
fn numbers(words: &str) -> Vec<NamedNumber> {
    let Some(pattern) = NUMBERS.as_ref() else {
        return Vec::new();
    };
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let found = pattern.captures_iter(words).filter_map(|found| {
        let number = found.name("number")?;
        let before = words.get(..number.start())?;
        let after = words.get(number.end()..)?;
        let mut next = after.chars();
        let goes_on = match next.next() {
            Some('.') => next.next().is_some_and(|c| c.is_ascii_digit()),
            Some(c) => of_name(c),
            None => false,
        };
        let is_code = ["code", "status", "error"].iter().any(|word| {
            before
                .trim_end_matches(|c: char| !c.is_alphanumeric())
                .ends_with(word)
        });
        if goes_on || is_code || before.ends_with(of_name) {
            return None;
        }
        Some(NamedNumber {
            value: number.as_str().replace(',', "").parse().ok()?,
            is_outside: found.name("less").is_some() || found.name("out").is_some(),
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::adjust::{RefusalWords, limit_advice};

    #[test]
    fn the_largest_limit_that_a_server_takes_is_read_in_its_words() {
        use TokenLimitAdvice::{AtMost, None as NoLimit};
        for (words, expected) in [
            (
                "max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.",
                Some(AtMost(16384)),
            ),
            (
                "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for some-model-3-5-20241022",
                Some(AtMost(8192)),
            ),
            (
                "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.",
                Some(AtMost(4095)),
            ),
            (
                "Unable to submit request because it has a maxOutputTokens value of 100000 but the supported range is from 1 (inclusive) to 8193 (exclusive). Update the value and try again.",
                Some(AtMost(8192)),
            ),
            (
                "`max_tokens` must be less than or equal to `8,192`, the maximum value for `max_tokens` is less than the `context_window` for this model",
                Some(AtMost(8192)),
            ),
            (
                "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
                Some(AtMost(8192)),
            ),
            (
                "Invalid 'max_output_tokens': integer above maximum value. Expected a value <= 32768, but got 100000 instead.",
                Some(AtMost(32768)),
            ),
            ("Error code: 400 - max_tokens is too large", Some(NoLimit)),
            (
                "This model's maximum context length is 4096 tokens. However, you requested 100500 tokens (500 in the messages, 100000 in the completion).",
                Some(NoLimit),
            ),
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 100000. This model's maximum context length is 4096 tokens and your request has 500 input tokens (100000 > 4096 - 500).",
                Some(NoLimit),
            ),
            (
                "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 500 `inputs` tokens and 100000 `max_new_tokens`",
                Some(NoLimit),
            ),
            (
                "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
                None,
            ),
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                None,
            ),
            (
                "This request requires more credits, or fewer max_tokens. You requested up to 100000 tokens, but can only afford 1500. To increase, add credits",
                Some(AtMost(1500)),
            ),
            ("max_tokens参数非法：取值范围[1,2048]", Some(AtMost(2048))),
            ("temperature must be between 0 and 2", None),
        ] {
            let told = RefusalWords::new(words, words);
            assert_eq!(limit_advice(&told, 100_000), expected, "{words}");
        }
    }
}
