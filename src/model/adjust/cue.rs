//! What a refusal can say that tells which part of a request it means.

use std::sync::LazyLock;

use regex::Regex;

use super::SentParts;
use super::part::RequestPart;
use crate::model::salvage::compiled;

/// One sign that a refusal means something.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cue {
    /// It does not know something, or does not take it.
    Refuses,
    /// It names one of these, as a word of its own and in any spelling: `stream_options`, `streamOptions`.
    Names(&'static [&'static str]),
    /// It has one of these phrases.
    Says(&'static [&'static str]),
    /// It has none of these phrases.
    Never(&'static [&'static str]),
    /// It names a field that only the server which sent it understands.
    KeptField,
    /// It speaks of one of the tools: `tools[0].function.description`, `tools.0.name`.
    OneTool,
    /// It speaks of tools as such, and not of one of them, or of one call or result in the conversation.
    AllTools,
    /// It speaks of streaming.
    Streaming,
    /// It does not, or nothing is streamed.
    NotStreaming,
    /// It names one of these fields of an item that goes back: `input[1].id`.
    ItemField(&'static [&'static str]),
}

/// The words of a refusal, in small letters.
#[derive(Debug, Clone, Default)]
pub(in crate::model) struct RefusalWords {
    /// Without what it quotes of the request.
    own: String,
    /// All of them.
    all: String,
}

/// What a refusal says when a server does not know a part of the request.
const REFUSING: [&str; 52] = [
    "unsupported",
    "not support",
    "n't support",
    "unrecognized",
    "unrecognised",
    "not recognized",
    "not recognised",
    "unknown",
    "not known",
    "unexpected",
    "not expected",
    "extra input",
    "extra field",
    "extra_forbidden",
    "extra parameter",
    "extraneous",
    "additional propert",
    "not permitted",
    "not allowed",
    "not available",
    "unavailable",
    "not enabled",
    "not implemented",
    "not accept",
    "n't accept",
    "not valid",
    "invalid value",
    "forbidden",
    "no longer",
    "no endpoints found that support",
    "no such",
    "invalid parameter",
    "invalid field",
    "deprecated",
    "requires --",
    "must not",
    "should not",
    "instead",
    "must be verified",
    "不支持",
    "无效",
    "pas pris en charge",
    "pas supporté",
    "inconnu",
    "nicht unterstützt",
    "unbekannt",
    "no es compatible",
    "no se admite",
    "no está soportado",
    "não é suportado",
    "サポートされて",
    "지원되지",
];
const ALL_TOOLS: [&str; 12] = [
    "tools",
    "tool use",
    "tool-use",
    "tool call",
    "tool-call",
    "tool choice",
    "tool-choice",
    "tool_choice",
    "function call",
    "function-call",
    "functions",
    "工具",
];
const ONE_CALL: [&str; 6] = [
    "tool_call_id",
    "tool_use_id",
    "tool_result",
    "tool message",
    "role 'tool'",
    "'role:tool'",
];
/// An item that goes back and what is named of it: `input[1].id`, `input.1.status`, and with what some servers put between,
/// `input,list[union[one,other]],1,one,id`.
const ITEM_FIELD: &str = r"(?-u)\binput[\[.,/](?:[a-z][a-z0-9_\[\],.]{0,300}?[,.])?[0-9]+[\].,/]{1,3}((?:[a-z0-9_]+(?:\[[0-9]+\])?[\].,/]{0,2}){1,3})";

static ITEM_FIELDS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ITEM_FIELD));

impl RefusalWords {
    /// The words of a refusal. `own` are those that quote nothing of the request.
    pub(in crate::model) fn new(own: &str, all: &str) -> Self {
        // What is escaped in JSON is no part of the word behind it.
        let plain = |text: &str| text.to_lowercase().replace("\\n", " ").replace("\\t", " ");
        Self {
            own: plain(own),
            all: plain(all),
        }
    }

    /// What the server itself says.
    pub(in crate::model) fn own(&self) -> &str {
        &self.own
    }

    /// Whether all signs are there.
    pub(super) fn have(&self, cues: &[Cue], sent: &SentParts) -> bool {
        cues.iter().all(|cue| self.has(*cue, sent))
    }

    fn has(&self, cue: Cue, sent: &SentParts) -> bool {
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| self.own.contains(phrase));
        let names = |names: &[&str]| names.iter().any(|name| self.names(name));
        let streaming = || self.own.contains("streaming") || self.names("stream");
        match cue {
            Cue::Refuses => REFUSING.iter().any(|phrase| self.all.contains(phrase)),
            Cue::Names(wanted) => names(wanted),
            Cue::Says(phrases) => says(phrases),
            Cue::Never(phrases) => !says(phrases),
            Cue::KeptField => sent.kept.iter().any(|field| self.names(&field.to_lowercase())),
            Cue::OneTool => self.names_one_tool(),
            Cue::AllTools => says(&ALL_TOOLS) && !says(&ONE_CALL) && !self.names_one_tool(),
            Cue::Streaming => streaming(),
            Cue::NotStreaming => !sent.parts.contains(&RequestPart::Stream) || !streaming(),
            Cue::ItemField(fields) => self.names_item_field(fields),
        }
    }

    /// Whether a name is there, as it is or with its words run together, and not as a part of a longer one.
    fn names(&self, name: &str) -> bool {
        contains_word(&self.own, name)
            || (name.contains('_') && contains_word(&self.own, &name.replace('_', "")))
    }

    fn names_one_tool(&self) -> bool {
        ["tools", "function_declarations", "functions"]
            .iter()
            .any(|list| {
                self.own.match_indices(list).any(|(at, list)| {
                    let behind = self.own.get(at.saturating_add(list.len())..).unwrap_or_default();
                    let number = behind.trim_start_matches(['[', '.', '\'', '"', ',', ' ', '/', '\\']);
                    number.len() < behind.len() && number.starts_with(|c: char| c.is_ascii_digit())
                })
            })
    }

    fn names_item_field(&self, fields: &[&str]) -> bool {
        let path = self
            .own
            .replace(['\'', '"', '`', '(', ')', '\\'], "")
            .replace(", ", ",");
        let Some(pattern) = ITEM_FIELDS.as_ref() else {
            return false;
        };
        pattern.captures_iter(&path).any(|found| {
            let (Some(whole), Some(named)) = (found.get(0), found.get(1)) else {
                return false;
            };
            let steps = named.as_str().split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let mut named: Vec<&str> = steps.filter(|step| !step.is_empty()).collect();
            // A key of the refusal's own JSON.
            let behind = path
                .get(whole.end()..)
                .and_then(|behind| behind.strip_prefix(':'));
            if behind.is_some_and(|behind| !behind.starts_with(' ')) && named.len() > 1 {
                named.pop();
            }
            // Parts of a message are another thing.
            !named.contains(&"content") && fields.iter().any(|field| named.contains(field))
        })
    }
}

/// Whether a text has the word, and not as a part of a longer one.
fn contains_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(start, found)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text
            .get(start.saturating_add(found.len())..)
            .and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
