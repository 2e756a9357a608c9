//! Parts of a request that a server may refuse, and that a completion can do without.
//!
//! Servers that speak OpenAI's protocol know more or less of it. A server that refuses a request for one part of it (status
//! 400, and its words name the part) is asked again without that part, once for each part, and what was left out is
//! remembered for this server and model as long as the process runs. [`RequestPart::refused`] reads a refusal,
//! [`Adjustments`] is the memory. A tape's header says what was left out when its turn began, because a replay has to
//! send the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use url::Url;

use super::refusal::ServerRefusal;

/// A part of a request that can be left out or said differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestPart {
    /// `stream_options`: usage at the end of the stream.
    StreamOptions,
    /// `max_tokens`, for which `max_completion_tokens` is sent, or the other way round.
    TokenLimit,
    /// The limit of tokens by every name it has, `max_output_tokens` too: the server's own limit holds.
    AnyTokenLimit,
    /// A limit of more tokens than these, for which these are sent.
    TokensAbove(u32),
    /// `null` as the content of a message that only calls tools, for which an empty text is sent.
    NullContent,
    /// `temperature`.
    Temperature,
    /// `tool_choice`.
    ToolChoice,
    /// `prompt_cache_key`.
    CacheKey,
    /// `prompt_cache_breakpoint`.
    CacheBreakpoint,
    /// `cache_control`: where a cached prefix ends.
    CacheControl,
    /// The schema that an answer has to follow, for which any JSON object is asked for.
    AnswerSchema,
    /// `response_format`: what an answer has to look like.
    ResponseFormat,
    /// `stream`: the answer comes as one piece.
    Stream,
    /// `include`: reasoning that goes back with the next request.
    Include,
    /// `store`: that the server keeps nothing of what is asked.
    Store,
    /// `status` of the items that go back.
    ItemStatus,
    /// Notes as messages of their own: they stand at the end of the message before them, so that roles alternate.
    RoleOrder,
    /// The role `system`: the system prompt begins the first question.
    SystemRole,
    /// `instructions`: the system prompt is a message.
    Instructions,
    /// Texts in blocks: they are sent as plain texts, where nothing else stands beside them.
    TextBlocks,
    /// Ids of calls as they came: they go back as nine letters and digits.
    CallIds,
    /// Calls without thoughts: an empty thought goes back with them.
    NoReasoning,
    /// Fields of messages that only the server understands.
    KeptFields,
    /// Results without the names of their tools: these stand with them.
    NamelessResults,
    /// The model's reasoning of earlier steps, and the names under which the server knows what it said.
    KeptReasoning,
    /// `additionalProperties` in schemas.
    ClosedSchemas,
    /// `strict` of tools.
    StrictTools,
    /// Tools as they are described: the model is driven by one JSON object per step.
    DescribedTools,
    /// `tools`: the model is driven by one JSON object per step.
    Tools,
    /// Chat completions as a whole: the model speaks the Responses API alone.
    ChatCompletions,
}

/// What a refusal says when a server does not know a part of the request.
const REFUSING: [&str; 38] = [
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
];

/// Fields of messages that servers send and others, behind the same gateway, refuse.
const KEPT: [&str; 9] = [
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking_blocks",
    "provider_specific_fields",
    "tool_plan",
    "annotations",
    "extra_content",
    "thought_signature",
];

/// What a refusal says of a schema that an answer has to follow, beside the name of the field.
const OF_SCHEMAS: [&str; 8] = [
    "grammar",
    "json schema",
    "schema must",
    "invalid schema",
    "too many states",
    "schema features",
    "structured output",
    "constrained decoding",
];
/// What it says of a field that has another value than it may have.
const OF_VALUES: [&str; 4] = ["must be", "should be", "expected", "invalid"];
/// What a refusal says of reasoning that the server does not know any more.
const OF_LOST_REASONING: [&str; 8] = [
    "invalid_encrypted_content",
    "could not be verified",
    "could not be decrypted",
    "items are not persisted",
    "without its required",
    "item with id",
    "invalid `signature`",
    "invalid signature",
];
/// What a refusal says of one tool that is not described as the server wants.
const OF_DESCRIPTIONS: [&str; 10] = [
    "too long",
    "at most",
    "maximum length",
    "max length",
    "should have",
    "should be",
    "must be",
    "must match",
    "invalid",
    "does not match",
];
/// What a refusal of chat completions says when the model is to be asked over the Responses API.
const NO_CHAT: [&str; 6] = [
    "v1/responses",
    "responses api",
    "not a chat model",
    "unsupported_api_for_model",
    "not accessible via the /chat/completions",
    "chatcompletion operation does not work with the specified model",
];

impl RequestPart {
    /// What a person is told about a part that is left out.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::StreamOptions => "`stream_options` is left out, so that usage may be unknown",
            Self::TokenLimit => "the limit of tokens is sent under its other name",
            Self::AnyTokenLimit => "no limit of tokens is sent, so that the server's own holds",
            Self::TokensAbove(_) => "the limit of tokens is the largest that the server takes",
            Self::NullContent => "an empty text is sent where a message has no content",
            Self::Temperature => "`temperature` is left out",
            Self::ToolChoice => "`tool_choice` is left out",
            Self::CacheKey => "`prompt_cache_key` is left out",
            Self::CacheBreakpoint => "`prompt_cache_breakpoint` is left out",
            Self::CacheControl => "`cache_control` is left out, so that the server may cache nothing",
            Self::AnswerSchema => "a JSON object is asked for without its schema",
            Self::ResponseFormat => "`response_format` is left out",
            Self::Stream => "answers come as one piece",
            Self::Include => "`include` is left out, so that reasoning is not sent back",
            Self::Store => "`store` is left out, so that the server may keep what is asked",
            Self::ItemStatus => "items go back without their `status`",
            Self::RoleOrder => "notes stand in the message before them, so that roles alternate",
            Self::SystemRole => "the system prompt begins the first question",
            Self::Instructions => "the system prompt is sent as a message",
            Self::TextBlocks => "texts are sent without blocks, so that the server may cache nothing",
            Self::CallIds => "calls go back under ids of nine letters and digits",
            Self::NoReasoning => "an empty thought goes back with calls that came without one",
            Self::KeptFields => "fields of the server's own do not go back with messages",
            Self::NamelessResults => "results go back with the names of their tools",
            Self::KeptReasoning => "reasoning of earlier steps does not go back",
            Self::ClosedSchemas => "schemas are sent without `additionalProperties`",
            Self::StrictTools => "`strict` of tools is left out",
            Self::DescribedTools => {
                "tools are not sent, because the server refuses how they are described; the model is driven by one JSON \
                 object per step (json_action)"
            }
            Self::ChatCompletions => "the Responses API is asked in place of chat completions",
            Self::Tools => {
                "tools are not sent; the model is driven by one JSON object per step (json_action)"
            }
        }
    }

    /// The part that a refusal names, of those that the refused request had. `words` is all that the server said.
    pub(super) fn refused(words: &str, sent: &SentParts) -> Option<Self> {
        let words = words.to_lowercase();
        let refusing = REFUSING.iter().any(|phrase| words.contains(phrase));
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        let named = |part: Self| part.names().iter().any(|name| contains_word(&words, name));
        let names_streaming = words.contains("streaming") || contains_word(&words, "stream");
        let streams = sent.parts.contains(&Self::Stream);
        sent.parts.iter().copied().find(|part| match part {
            Self::NullContent => {
                let null = ["null", "none", "string", "nil"]
                    .iter()
                    .any(|word| contains_word(&words, word));
                let missing = has(&[
                    "missing field",
                    "field required",
                    "content is required",
                    "invalid input",
                ]);
                (contains_word(&words, "content") && (null || missing))
                    || (words.contains("messages[") && words.contains("invalid type: null"))
            }
            Self::ClosedSchemas => refusing && words.contains("additionalproperties"),
            Self::AnswerSchema | Self::ResponseFormat => {
                named(Self::ResponseFormat) && (refusing || has(&OF_VALUES)) || has(&OF_SCHEMAS)
            }
            Self::TextBlocks => {
                let names_text = contains_word(&words, "system") || contains_word(&words, "content");
                names_text && has(&["valid string", "a string", "expected string", "type string"])
            }
            Self::NamelessResults => has(&["function_response.name", "functionresponse.name"]),
            Self::KeptReasoning => has(&OF_LOST_REASONING),
            Self::DescribedTools => {
                (names_one_tool(&words) && (refusing || has(&OF_DESCRIPTIONS)))
                    || has(&["too many tools", "too many functions", "number of tools"])
            }
            // Some servers call tools where nothing is streamed.
            Self::Tools => refusing && names_tools(&words) && !(streams && names_streaming),
            Self::Stream => refusing && names_streaming,
            Self::ChatCompletions => NO_CHAT.iter().any(|phrase| words.contains(phrase)),
            Self::RoleOrder => {
                has(&["must alternate", "should alternate"])
                    || (words.contains("unexpected role") && words.contains("after role"))
            }
            Self::SystemRole => {
                refusing
                    && has(&[
                        "system role",
                        "role 'system'",
                        "role \"system\"",
                        "support 'system'",
                        "role: system",
                        "system message",
                        "system instruction",
                        "developer instruction",
                    ])
            }
            Self::CallIds => words.contains("tool call id") && has(&["length of 9", "a-z, a-z, 0-9"]),
            Self::NoReasoning => {
                words.contains("reasoning_content")
                    && has(&["missing", "must be passed", "must be provided", "is required"])
            }
            Self::KeptFields => {
                let mut kept = KEPT.iter().copied().chain(sent.kept.iter().map(String::as_str));
                has(&["corrupted thought signature"])
                    || (refusing && kept.any(|field| contains_word(&words, &field.to_lowercase())))
            }
            // `input[2].status`
            Self::ItemStatus => words.contains("].status"),
            Self::Temperature => {
                let fixed = has(&["only 1 is allowed", "may only be", "invalid temperature"]);
                (refusing || fixed) && named(Self::Temperature)
            }
            part => refusing && named(*part),
        })
    }

    /// Whether whoever drives the model has to ask it in another way without this part.
    pub(super) fn changes_the_way(self) -> bool {
        matches!(self, Self::Tools | Self::DescribedTools | Self::ChatCompletions)
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::StreamOptions => &["stream_options", "include_usage"],
            Self::TokenLimit => &["max_tokens", "max_completion_tokens"],
            Self::AnyTokenLimit => &["max_tokens", "max_completion_tokens", "max_output_tokens"],
            Self::Temperature => &["temperature"],
            Self::ToolChoice => &["tool_choice"],
            Self::CacheKey => &["prompt_cache_key"],
            Self::CacheBreakpoint => &["prompt_cache_breakpoint"],
            Self::CacheControl => &["cache_control"],
            Self::ResponseFormat => &[
                "response_format",
                "json_schema",
                "json_object",
                "guided_json",
                "text.format",
            ],
            Self::StrictTools => &["strict"],
            Self::Instructions => &["instructions"],
            Self::Include => &["include", "encrypted_content", "encrypted content"],
            Self::Store => &["store"],
            Self::NullContent
            | Self::TokensAbove(_)
            | Self::Stream
            | Self::AnswerSchema
            | Self::TextBlocks
            | Self::NamelessResults
            | Self::KeptReasoning
            | Self::ClosedSchemas
            | Self::DescribedTools
            | Self::Tools
            | Self::ItemStatus
            | Self::ChatCompletions
            | Self::RoleOrder
            | Self::SystemRole
            | Self::CallIds
            | Self::NoReasoning
            | Self::KeptFields => &[],
        }
    }
}

/// What of a request could be left out.
#[derive(Debug, Clone, Default)]
pub(super) struct SentParts {
    /// The surest to be meant first.
    pub(super) parts: Vec<RequestPart>,
    /// The names of fields that only the server understands.
    pub(super) kept: BTreeSet<String>,
    pub(super) limit: Option<SentLimit>,
}

/// A limit of tokens that a request had.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentLimit {
    pub(super) tokens: u32,
    /// Whether a request may be without one.
    pub(super) is_optional: bool,
}

/// A limit of tokens as it is sent where these parts are left out.
pub(super) fn token_limit(wanted: u32, left_out: &BTreeSet<RequestPart>) -> u32 {
    let most = left_out.iter().filter_map(|part| match part {
        RequestPart::TokensAbove(tokens) => Some(*tokens),
        _ => None,
    });
    most.min().map_or(wanted, |most| wanted.min(most))
}

/// Whether a refusal speaks of tools as such, and not of one call or one result in the conversation.
fn names_tools(words: &str) -> bool {
    let of_one = [
        "tool_call_id",
        "tool_use_id",
        "tool_result",
        "tool message",
        "role 'tool'",
    ];
    let of_all = [
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
    ];
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    has(&of_all) && !has(&of_one) && !names_one_tool(words)
}

/// Whether a refusal speaks of how one of the tools is described: `tools[0].function.description`, `tools.0.name`.
fn names_one_tool(words: &str) -> bool {
    ["tools", "function_declarations", "functions"]
        .iter()
        .any(|list| {
            words.match_indices(list).any(|(at, list)| {
                let behind = words.get(at.saturating_add(list.len())..).unwrap_or_default();
                let number = behind.trim_start_matches(['[', '.', '\'', '"', ',', ' ', '/']);
                number.len() < behind.len() && number.starts_with(|c: char| c.is_ascii_digit())
            })
        })
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

type SharedParts = Arc<Mutex<BTreeSet<RequestPart>>>;

/// What is left out of requests to one model of one server. Clones share their memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Adjustments(SharedParts);

impl Adjustments {
    /// What this process has found out about the model of this server.
    pub(super) fn of_process(base: &Url, model: &str) -> Self {
        static KNOWN: LazyLock<Mutex<BTreeMap<(String, String), SharedParts>>> =
            LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (base.to_string(), model.to_owned());
        Self(Arc::clone(known.entry(key).or_default()))
    }

    /// What was known when a turn was recorded.
    pub(super) fn recorded(parts: &[RequestPart]) -> Self {
        Self(Arc::new(Mutex::new(parts.iter().copied().collect())))
    }

    /// What is left out now.
    pub(super) fn parts(&self) -> BTreeSet<RequestPart> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Leaves a part out from now on.
    pub(super) fn leave_out(&self, part: RequestPart) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part);
    }

    /// Whether this part is left out.
    pub(super) fn has(&self, part: RequestPart) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&part)
    }

    /// Decides on a refusal of a request that had these parts: whether to ask again, without the part it names. `tried` is
    /// what was left out for this request already; it is sent again from now on if leaving it out did not help.
    pub(super) fn answer(
        &self,
        refusal: &ServerRefusal,
        sent: &SentParts,
        tried: &mut Vec<RequestPart>,
    ) -> bool {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limited = tried
            .iter()
            .any(|part| matches!(part, RequestPart::TokensAbove(_)));
        let part = match refusal.part(sent) {
            // The limit that the server named did not help.
            Some(RequestPart::TokensAbove(_)) if limited => sent
                .limit
                .filter(|limit| limit.is_optional)
                .map(|_| RequestPart::AnyTokenLimit),
            part => part,
        };
        match part {
            // Whoever drives the model decides what to do without tools.
            Some(part) if part.changes_the_way() => {
                // It was not the streaming of calls.
                if tried.contains(&RequestPart::Stream) {
                    parts.remove(&RequestPart::Stream);
                }
                parts.insert(part);
                false
            }
            Some(part) => {
                tracing::info!(
                    adjusted = part.sentence(),
                    "asked again without what the model's server refused"
                );
                parts.insert(part);
                tried.push(part);
                true
            }
            None => {
                tried.drain(..).for_each(|part| {
                    parts.remove(&part);
                });
                false
            }
        }
    }
}
