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
const ENDS: &str = r"(?:\s*<\|?(?:im_end|eot_id|eom_id|eot|eom|endoftext|end_of_text|end|eos|call|return|message_sep)\|?>|</s>|<end_of_turn>)+\s*$";
const BEGINS: &str = r"^\s*(?:<\|(?:im_start|start_header_id|header_start|assistant|begin_of_text|message_sep|from)\|>(?:assistant(?:<\|(?:end_header_id|header_end|role_sep)\|>)?)?\s*)+";
/// What stands before a call whose marks were taken for those of a message: thoughts, and the channel's name.
const CHANNEL: &str = r"(?s)\A\s*(?:analysis.*?)?(?:assistant)?\s*(commentary\s+to=)";
/// Words that stand for a mark: `functools[`, `function call{`.
const WORD_MARK: &str = r"(?m)^[ \t]*(?:functools\s*|function call\s*(?:<\|role_sep\|>)?\s*)([\[{])";
/// A name and its arguments, each behind a mark of flowers.
const FLOWERS: &str = r"✿FUNCTION✿:?\s*([\w.-]+)\s*✿ARGS✿:?\s*";
/// A name behind the words of an API, or before a mark whose own mark was lost, or in brackets: `call:default_api:run_card{`,
/// `run_card[ARGS]{`, `[run_card]{`.
const UNMARKED: &str = r#"(?m)^[ \t]*(?:(?:call:(?:\w+[:.])*([A-Za-z_]\w*)|([A-Za-z_]\w*)\[ARGS\])\s*(\{)|\[([a-z]\w*)\]\s*(\{\s*["']))"#;
/// What closes the last of these.
const NAME_CLOSED: &str = r"\[/[a-z]\w*\]\s*\z";
/// A call's id before its name, each behind a mark: `<|tool_call:begin|>ID<|tool_call:name|>NAME`.
const ID_FIRST: &str = r"<\|tool_call:begin\|>[^<]*<\|tool_call:name\|>";
/// A mark between a name and its arguments in tags.
const SEPARATED: &str = r"\s*<tool_sep>\s*";
/// A name and its arguments on lines of their own, with marks of bold type, code and fences around them.
const DECORATED: &str = r"(?mi)^[ \t]*[*_#]{0,3}[ ]?action[*_]{0,3}:[*_]{0,3}[ \t]*[`*]{0,3}([\w.]+)[`*]{0,3}[ \t]*\r?\n[ \t]*[*_#]{0,3}[ ]?(?:action )?input[*_]{0,3}:[*_]{0,3}\s*(?:```\w*\s*)?(\{)";
/// A line of code in braces of a template.
const BRACED: &str = r"(?m)^[ \t]*\{\{\s*([\w.]+\([^{}]*\))\s*\}\}\s*\z";
/// A name on one line and its arguments on the next.
const TWO_LINES: &str = r"(?mi)^[ \t]*((?:using|calling|use|call)?[ \t]*(?:tool|function)(?:[ \t]+(?:call|name|use))?:[ \t]*[\w.]+)[ \t]*\r?\n[ \t]*(?:tool[ _])?(?:input|arguments|args|parameters):[ \t]*(\{)";
/// A mark that nobody reads, behind something on its line.
const INSIDE_LINE: &str =
    r"\A((?s:.*?)[^\s])[ \t]*(<[|｜](?:tool|START_ACTION\||action_start\||channel\|>commentary\s))";
/// A call whose brackets were written for a web page.
const ESCAPED: &str = r"&lt;[|｜]?/?(?:tool|function|invoke)";
/// A call with nothing in it.
const SHELL: &str = r"(?:\s*(?:<(?:tool_calls?|function_calls?)>\s*</(?:tool_calls?|function_calls?)>|\[TOOL_CALLS\]\s*\[\s*\]))+\s*\z";
/// How a call begins whose opening tag was lost: a name before its arguments in tags, JSON, an element.
const UNTAGGED: &str = r"(?m)^[ \t]*(?:[\w.-]+\s*<arg_key>|[\[{]|<function[ =])";
/// The same where no closing tag tells of one.
const UNTAGGED_NAME: &str = r"(?m)^[ \t]*[\w.-]+\s*<arg_key>";
/// What some models put around an answer, and some around a call; what ends a message for others, where their servers leave it in.
pub(super) const BOXES: [&str; 10] = [
    "<|begin_of_box|>",
    "<|end_of_box|>",
    "<|START_RESPONSE|>",
    "<|END_RESPONSE|>",
    "<|begin_of_solution|>",
    "<|end_of_solution|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|endoftext|>",
    "<end_of_turn>",
];
/// Brackets of marks that some servers put out as `|` and some as `｜`.
const WIDE: [(&str, &str); 2] = [("<|tool▁", "<｜tool▁"), ("<escape>", "\"")];

static OWN_MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(OWN_MARK));
static NAMESPACES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NAMESPACE));
static SPELLINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(SPELLED));
static ENDINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ENDS));
static BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(BEGINS));
static CHANNELS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(CHANNEL));
static WORD_MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(WORD_MARK));
static FLOWER_MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(FLOWERS));
static UNMARKED_NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(UNMARKED));
static NAME_CLOSINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(NAME_CLOSED));
static IDS_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ID_FIRST));
static SEPARATIONS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(SEPARATED));
static DECORATIONS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(DECORATED));
static BRACED_CODE: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(BRACED));
static LINE_PAIRS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(TWO_LINES));
static INNER_MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(INSIDE_LINE));
static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ESCAPED));
static SHELLS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(SHELL));
static UNTAGGED_CALLS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(UNTAGGED));
static UNTAGGED_NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(UNTAGGED_NAME));

/// A pattern that does not compile finds nothing, and says so; tests/model/salvage has a call for each.
pub(in crate::model) fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(pattern)
        .inspect_err(|error| tracing::error!(%error, "a pattern for written calls does not compile"))
        .ok()
}

/// The text with the marks of other models as the ones that are looked for.
pub(super) fn plain_marks(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if ESCAPES.as_ref().is_some_and(|escapes| escapes.is_match(&text)) {
        let brackets = text.replace("&lt;", "<").replace("&gt;", ">");
        text = Cow::Owned(brackets.replace("&quot;", "\"").replace("&amp;", "&"));
    }
    for (pattern, plain) in [
        (&OWN_MARKS, "<$1"),
        (&NAMESPACES, "<$1$2"),
        (&SPELLINGS, "<${1}tool_call$2>"),
        (&ENDINGS, ""),
        (&BEGINNINGS, ""),
        (&CHANNELS, "$1"),
        (&WORD_MARKS, "$1"),
        (&FLOWER_MARKS, "$1 "),
        (&NAME_CLOSINGS, ""),
        (&UNMARKED_NAMES, "<tool_call>$1$2$4 $3$5"),
        (&IDS_FIRST, "<|tool_call|>"),
        (&SEPARATIONS, "\n"),
        (&DECORATIONS, "Action: $1\nAction Input: $2"),
        (&BRACED_CODE, "$1"),
        (&LINE_PAIRS, "$1 $2"),
        (&INNER_MARKS, "$1\n$2"),
    ] {
        let found = pattern.as_ref().filter(|pattern| pattern.is_match(&text));
        if let Some(pattern) = found {
            text = Cow::Owned(pattern.replace_all(&text, plain).into_owned());
        }
    }
    for (written, plain) in WIDE.into_iter().chain(BOXES.map(|mark| (mark, ""))) {
        if text.contains(written) {
            text = Cow::Owned(text.replace(written, plain));
        }
    }
    let open = untagged(&text).map(|start| text.split_at(start));
    match open {
        Some((said, call)) => Cow::Owned(format!("{said}<tool_call>{call}")),
        None => text,
    }
}

/// Whether a text is nothing but what models and servers put around a message.
pub(super) fn is_only_marks(text: &str) -> bool {
    let without = |text: &str, marks: Option<&Regex>| match marks {
        Some(marks) => marks.replace_all(text, "").into_owned(),
        None => text.to_owned(),
    };
    without(&without(text, ENDINGS.as_ref()), BEGINNINGS.as_ref())
        .trim()
        .is_empty()
}

/// The text without the empty calls that it ends in.
pub(super) fn without_shells(text: &str) -> &str {
    let shell = SHELLS.as_ref().and_then(|shells| shells.find(text));
    shell.and_then(|shell| text.get(..shell.start())).unwrap_or(text)
}

/// Where a call begins that has no opening tag.
fn untagged(text: &str) -> Option<usize> {
    let (opening, closing) = (text.find("<tool_call>"), text.find("</tool_call>"));
    let pattern = match (opening, closing) {
        (Some(opening), Some(closing)) if opening < closing => return None,
        (Some(_), None) => return None,
        (_, Some(_)) => &UNTAGGED_CALLS,
        (None, None) => &UNTAGGED_NAMES,
    };
    let before = text.get(..closing.unwrap_or(text.len()))?;
    pattern.as_ref()?.find(before).map(|found| found.start())
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
