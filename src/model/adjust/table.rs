//! What servers refuse, and in which words: one line for each dialect. The surest lines stand first, because the first that fits a
//! refusal and a part that was sent says what is left out.

use super::SentParts;
use super::cue::Cue::{
    self, AllTools, ItemField, KeptField, Names, Never, NotStreaming, OneTool, Refuses, Says, Streaming,
};
use super::cue::RefusalWords;
use super::part::RequestPart::{
    self, AnswerSchema, AnyTokenLimit, CacheBreakpoint, CacheControl, CacheKey, CallIds, ChatCompletions,
    ClosedSchemas, DescribedTools, EmptyContent, Include, Instructions, ItemIds, ItemStatus, ItemTypes,
    KeptFields, KeptReasoning, NamelessResults, NoReasoning, NoSignature, NullContent, ParallelCalls,
    PlainContents, ResponseFormat, RoleOrder, Store, Stream, StreamOptions, StrictTools, SystemRole,
    Temperature, TextBlocks, TokenLimit, ToolChoice, ToolDescriptions, ToolSchemas, Tools, UntypedItems,
};
use super::token_limit::{TokenLimitAdvice, largest, room};

/// What a refusal in some words means, and the signs of it.
type Dialect = (RequestPart, &'static [Cue]);

/// Lines of what a request can do without.
#[rustfmt::skip]
const DIALECTS: &[Dialect] = &[
    // Another API.
    (ChatCompletions, &[Says(&NO_CHAT)]),
    // Fields that only some servers know.
    (StreamOptions, &[Refuses, Names(&["stream_options", "include_usage"])]),
    (TokenLimit, &[Refuses, Names(&["max_tokens", "max_completion_tokens"])]),
    (AnyTokenLimit, &[Refuses, Names(&["max_tokens", "max_completion_tokens", "max_output_tokens"])]),
    (CacheKey, &[Refuses, Names(&["prompt_cache_key"])]),
    (CacheBreakpoint, &[Refuses, Names(&["prompt_cache_breakpoint"])]),
    (CacheControl, &[Refuses, Names(&["cache_control"])]),
    (CacheControl, &[Names(&["cache_control"]), Says(&["a maximum of"])]),
    (Instructions, &[Refuses, Names(&["instructions"])]),
    // What goes back of earlier answers.
    (ItemStatus, &[ItemField(&["status"])]),
    (UntypedItems, &[ItemField(&["type"]), Says(&MISSING)]),
    (ItemTypes, &[ItemField(&["type"]), Never(&MISSING)]),
    (KeptReasoning, &[Says(&LOST_REASONING)]),
    (ItemIds, &[ItemField(&["id"]), Never(&MISSING)]),
    (NamelessResults, &[Says(&["function_response.name", "functionresponse.name"])]),
    (NoReasoning, &[Names(&["reasoning_content"]), Says(&["missing", "must be passed", "must be provided", "is required"])]),
    (NoSignature, &[Names(&["thought_signature"]), Says(&["missing", "is required", "must be provided"])]),
    (KeptFields, &[Says(&["corrupted thought signature"])]),
    (KeptFields, &[Refuses, Names(&KEPT)]),
    (KeptFields, &[Refuses, KeptField]),
    (Include, &[Refuses, Names(&["include", "encrypted_content", "encrypted content"])]),
    // Ids of calls.
    (CallIds, &[Says(&["tool call id"]), Says(&["length of 9", "a-z, a-z, 0-9"])]),
    (CallIds, &[Says(&CALL_ID), Says(&["too long", "at most", "should match pattern", "does not match", "invalid format"])]),
    // How messages stand together.
    (ParallelCalls, &[Says(&PARALLEL)]),
    (RoleOrder, &[Says(&["must alternate", "should alternate", "interleave the user", "successive user"])]),
    (RoleOrder, &[Says(&["unexpected role"]), Says(&["after role"])]),
    (SystemRole, &[Refuses, Says(&SYSTEM_ROLE)]),
    (SystemRole, &[Says(&["must start with a user", "should start with a user", "only user and assistant roles", "only user, assistant and tool roles"])]),
    // Contents.
    (TextBlocks, &[Names(&["system", "content"]), Says(&["valid string", "a string", "expected string", "type string", "'array' not in 'string'"])]),
    (PlainContents, &[Names(&["content", "contents"]), Says(&LISTS), Never(&ANY_TEXT)]),
    (PlainContents, &[Says(&["messages"]), Says(&["invalid type: string"]), Says(&["expected a sequence"])]),
    (NullContent, &[Names(&["content"]), Names(&["null", "none", "string", "nil"])]),
    (NullContent, &[Names(&["content"]), Says(&["missing field", "field required", "content is required", "invalid input", "required field", "required property", "at least one content", "did not match any variant"])]),
    (NullContent, &[Says(&["messages["]), Says(&["invalid type: null"])]),
    (NullContent, &[Says(&["'nonetype' object", "of type 'nonetype'", "not \"nonetype\"", "properties of null"])]),
    (EmptyContent, &[Names(&["content", "contents", "text", "parts"]), Says(&EMPTY)]),
    // Schemas.
    (ClosedSchemas, &[Refuses, Says(&["additionalproperties"])]),
    (AnswerSchema, &[Refuses, Names(&FORMAT)]),
    (AnswerSchema, &[Names(&FORMAT), Says(&WRONG_VALUE)]),
    (AnswerSchema, &[Says(&OF_SCHEMAS)]),
    (ResponseFormat, &[Refuses, Names(&FORMAT)]),
    (ResponseFormat, &[Names(&FORMAT), Says(&WRONG_VALUE)]),
    (ResponseFormat, &[Says(&OF_SCHEMAS)]),
    (ResponseFormat, &[Names(&["response_format"]), Says(&["must contain the word"])]),
    // Tools, the mildest first: only who takes none is asked without them.
    (ToolChoice, &[Refuses, Names(&["tool_choice"])]),
    (ToolChoice, &[Names(&["tool_choice"]), Says(&WRONG_VALUE)]),
    (StrictTools, &[Refuses, Names(&["strict"])]),
    (ToolDescriptions, &[OneTool, Names(&["description"]), Says(&MISDESCRIBED)]),
    (ToolSchemas, &[OneTool, Says(&MISDESCRIBED)]),
    (ToolSchemas, &[OneTool, Refuses]),
    (ToolSchemas, &[Says(&OF_SCHEMAS)]),
    (DescribedTools, &[OneTool, Says(&MISDESCRIBED)]),
    (DescribedTools, &[OneTool, Refuses]),
    (DescribedTools, &[Says(&OF_SCHEMAS)]),
    (DescribedTools, &[Says(&["too many tools", "too many functions", "number of tools"])]),
    // Some servers call tools where nothing is streamed.
    (Tools, &[Refuses, AllTools, NotStreaming, Never(&PARALLEL)]),
    (Tools, &[Says(&["unable to generate parser for this template"])]),
    // What the words for it stand for elsewhere too.
    (Temperature, &[Refuses, Names(&["temperature"])]),
    (Temperature, &[Names(&["temperature"]), Says(&["only 1 is allowed", "may only be", "strictly positive", "cannot both be"])]),
    (Temperature, &[Says(&["invalid temperature"])]),
    (Store, &[Refuses, Names(&["store"])]),
    (Stream, &[Refuses, Streaming]),
];

/// What refusals call the limit of tokens and say of one that is too large; the numbers in them say what is sent instead.
const LIMIT: &[Cue] = &[Says(&LIMIT_NAMES), Says(&TOO_LARGE)];
/// The same where it is the conversation that leaves no room.
const ROOM: &[Cue] = &[Says(&OF_CONTEXT)];

const NO_CHAT: [&str; 6] = [
    "v1/responses",
    "responses api",
    "not a chat model",
    "unsupported_api_for_model",
    "not accessible via the /chat/completions",
    "chatcompletion operation does not work with the specified model",
];
const MISSING: [&str; 5] = [
    "missing",
    "field required",
    "is required",
    "unable to extract tag",
    "union_tag_not_found",
];
/// What is said of a content that is no list of blocks.
const LISTS: [&str; 21] = [
    "valid list",
    "valid array",
    "be a list",
    "be an array",
    "be array",
    "be list",
    "be of type list",
    "be of type array",
    "is not a list",
    "is not an array",
    "not of type array",
    "not of type 'array'",
    "not of type \"array\"",
    "expected a list",
    "expected a sequence",
    "expected an array",
    "expected array",
    "expected list",
    "expected type 'array'",
    "list of content blocks",
    "array of content blocks",
];
/// The same of a content that may be a text as well.
const ANY_TEXT: [&str; 6] = [
    "valid string",
    "a string or",
    "or a string",
    "string or",
    "or string",
    "either",
];
/// What is said of a text that may not be empty.
const EMPTY: [&str; 9] = [
    "non-empty",
    "nonempty",
    "non empty",
    "is empty",
    "is blank",
    "not be empty",
    "not be blank",
    "cannot be empty",
    "must have a text parameter",
];
/// Reasoning that the server does not know any more.
const LOST_REASONING: [&str; 8] = [
    "invalid_encrypted_content",
    "could not be verified",
    "could not be decrypted",
    "items are not persisted",
    "without its required",
    "item with id",
    "invalid `signature`",
    "invalid signature",
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
const CALL_ID: [&str; 6] = [
    "tool_call_id",
    "].id",
    "tool_use.id",
    "tool_use_id",
    "call_id",
    "tooluseid",
];
const PARALLEL: [&str; 6] = [
    "single tool-call",
    "single tool call",
    "parallel tool call",
    "parallel function call",
    "multiple tool calls",
    "one tool call at a time",
];
const SYSTEM_ROLE: [&str; 8] = [
    "system role",
    "role 'system'",
    "role \"system\"",
    "support 'system'",
    "role: system",
    "system message",
    "system instruction",
    "developer instruction",
];
const FORMAT: [&str; 5] = [
    "response_format",
    "json_schema",
    "json_object",
    "guided_json",
    "text.format",
];
/// What is said of a schema, beside the name of its field.
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
/// What is said of a field that has another value than it may have.
const WRONG_VALUE: [&str; 4] = ["must be", "should be", "expected", "invalid"];
/// What is said of one tool that is not described as the server wants.
const MISDESCRIBED: [&str; 12] = [
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
    "missing",
    "required",
];
const LIMIT_NAMES: [&str; 14] = [
    "max_tokens",
    "max tokens",
    "maxtokens",
    "max_completion_tokens",
    "max_output_tokens",
    "maxoutputtokens",
    "max_new_tokens",
    "max_gen",
    "maximum tokens",
    "completion tokens",
    "output tokens",
    "new tokens",
    "in the completion",
    "length of the completion",
];
const TOO_LARGE: [&str; 27] = [
    "too large",
    "too high",
    "too big",
    "at most",
    "exceed",
    "greater than",
    "larger than",
    "higher than",
    "less than",
    "lower than",
    "smaller than",
    "no more than",
    "up to",
    "maximum allowed",
    "maximum value",
    "maximum context",
    "range",
    "between",
    "<=",
    "≤",
    " > ",
    "out of bounds",
    "limit of",
    "limit is",
    "can only afford",
    "范围",
    "不能超过",
];
const OF_CONTEXT: [&str; 10] = [
    "input tokens",
    "`inputs`",
    "input length",
    "prompt tokens",
    "prompt contains",
    "in the messages",
    "max_model_len",
    "maximum context",
    "context length",
    "context limit",
];

/// The part that a refusal means, of those that the refused request had.
pub(in crate::model) fn refused(words: &RefusalWords, sent: &SentParts) -> Option<RequestPart> {
    let mut dialects = DIALECTS
        .iter()
        .filter(|(part, cues)| sent.parts.contains(part) && words.have(cues, sent));
    dialects.next().map(|(part, _)| *part)
}

/// What to send in place of a limit of tokens, where that is what a refusal in these words means.
pub(in crate::model) fn limit_advice(words: &RefusalWords, tokens: u32) -> Option<TokenLimitAdvice> {
    let nothing = SentParts::default();
    if !words.have(LIMIT, &nothing) {
        return None;
    }
    if words.have(ROOM, &nothing) {
        room(words.own(), tokens)
    } else {
        Some(largest(words.own(), tokens))
    }
}
