//! Written calls in the spelling of other models, as the one that is read here.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// A mark of a model's own inside a tag's brackets: `<｜DSML｜invoke`.
const OWN_MARK: &str = r"<(/?)[|｜][A-Z]{2,}[|｜]";
/// A name before a tag's own: `<minimax:tool_call>`, `<longcat_arg_key>`.
const NAMESPACE: &str = r"<(/?)(?:[a-z][\w-]*:|[a-z]+_)(tool_call|tool_calls|function_calls?|invoke|parameter|arg_key|arg_value)\b";
/// The tag in other letters: `<TOOLCALL>`, `<ToolCall>`, `<tool_call id="1">`.
const SPELLED: &str = r#"(?i)<(/?)(?:tool_?call|tool-call)(s?)(?:\s+(?:id|index|type)="?[\w.-]*"?)*\s*>"#;
/// What ends a message for a model, and what stands before it for its server.
const ENDS: &str =
    r"(?:\s*<\|?(?:im_end|eot_id|eom_id|endoftext|end|eos|call|return)\|?>|</s>|<end_of_turn>)+\s*$";
const BEGINS: &str = r"^\s*(?:<\|(?:im_start|start_header_id|assistant|begin_of_text)\|>(?:assistant(?:<\|end_header_id\|>)?)?\s*)+";
/// Brackets of marks that some servers put out as `|` and some as `｜`.
const WIDE: [(&str, &str); 2] = [("<|tool▁", "<｜tool▁"), ("<escape>", "\"")];

static OWN_MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(OWN_MARK));
static NAMESPACES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NAMESPACE));
static SPELLINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(SPELLED));
static ENDINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ENDS));
static BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(BEGINS));

/// A pattern that does not compile finds nothing, and says so; tests/model/salvage has a call for each.
pub(super) fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(pattern)
        .inspect_err(|error| tracing::error!(%error, "a pattern for written calls does not compile"))
        .ok()
}

/// The text with the marks of other models as the ones that are looked for.
pub(super) fn plain_marks(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (pattern, plain) in [
        (&OWN_MARKS, "<$1"),
        (&NAMESPACES, "<$1$2"),
        (&SPELLINGS, "<${1}tool_call$2>"),
        (&ENDINGS, ""),
        (&BEGINNINGS, ""),
    ] {
        let found = pattern.as_ref().filter(|pattern| pattern.is_match(&text));
        if let Some(pattern) = found {
            text = Cow::Owned(pattern.replace_all(&text, plain).into_owned());
        }
    }
    for (written, plain) in WIDE {
        if text.contains(written) {
            text = Cow::Owned(text.replace(written, plain));
        }
    }
    text
}

/// The inside of a fence that wraps all of the text, or the text.
pub(super) fn unfenced(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix("```") {
        Some(inside) => without_language(inside.strip_suffix("```").unwrap_or(inside)).trim(),
        None => text,
    }
}

/// The inside of a fence without the name of a language that it begins with.
pub(super) fn without_language(fenced: &str) -> &str {
    fenced.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}
