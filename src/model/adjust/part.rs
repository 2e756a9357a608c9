use serde::{Deserialize, Serialize};

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
    /// Nothing as the content of a message that only calls tools, `null` or an empty text, for which a mark that says nothing is sent.
    EmptyContent,
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
    /// `id` of the items that go back.
    ItemIds,
    /// `type` of the messages among the items.
    ItemTypes,
    /// Messages among the items without their `type`: it stands with them.
    UntypedItems,
    /// Notes as messages of their own: they stand at the end of the message before them, so that roles alternate.
    RoleOrder,
    /// The role `system`: the system prompt begins the first question.
    SystemRole,
    /// `instructions`: the system prompt is a message.
    Instructions,
    /// Texts in blocks: they are sent as plain texts, where nothing else stands beside them.
    TextBlocks,
    /// Contents as plain texts: they are sent as lists of one block of text.
    PlainContents,
    /// Ids of calls as they came: they go back as nine letters and digits.
    CallIds,
    /// Steps of several calls: they go back as steps of one call each.
    ParallelCalls,
    /// Calls without thoughts: an empty thought goes back with them.
    NoReasoning,
    /// Calls without the signature of a thought: a stand-in that the server documents goes back with them.
    NoSignature,
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
    /// Whole descriptions of tools: these stand in the system prompt, and the tools keep their first words.
    ToolDescriptions,
    /// Schemas of tools as they are: only simple types are sent, and descriptions say the rest.
    ToolSchemas,
    /// Tools as they are described: the model is driven by one JSON object per step.
    DescribedTools,
    /// `tools`: the model is driven by one JSON object per step.
    Tools,
    /// Chat completions as a whole: the model speaks the Responses API alone.
    ChatCompletions,
}

impl RequestPart {
    /// What a person is told about a part that is left out.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::StreamOptions => "`stream_options` is left out, so that usage may be unknown",
            Self::TokenLimit => "the limit of tokens is sent under its other name",
            Self::AnyTokenLimit => "no limit of tokens is sent, so that the server's own holds",
            Self::TokensAbove(_) => "the limit of tokens is the largest that the server takes",
            Self::NullContent => "an empty text is sent where a message has no content",
            Self::EmptyContent => "`…` is sent where a message has no content",
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
            Self::ItemIds => "items go back without their `id`",
            Self::ItemTypes => "messages go back without their `type`",
            Self::UntypedItems => "messages are sent with their `type`",
            Self::RoleOrder => "notes stand in the message before them, so that roles alternate",
            Self::SystemRole => "the system prompt begins the first question",
            Self::Instructions => "the system prompt is sent as a message",
            Self::TextBlocks => "texts are sent without blocks, so that the server may cache nothing",
            Self::PlainContents => "contents are sent as lists of blocks",
            Self::CallIds => "calls go back under ids of nine letters and digits",
            Self::ParallelCalls => "steps of several calls go back as steps of one call each",
            Self::NoReasoning => "an empty thought goes back with calls that came without one",
            Self::NoSignature => {
                "a stand-in goes back with calls that came without the signature of a thought"
            }
            Self::KeptFields => "fields of the server's own do not go back with messages",
            Self::NamelessResults => "results go back with the names of their tools",
            Self::KeptReasoning => "reasoning of earlier steps does not go back",
            Self::ClosedSchemas => "schemas are sent without `additionalProperties`",
            Self::StrictTools => "`strict` of tools is left out",
            Self::ToolDescriptions => {
                "tools are described in the system prompt, and shortly where they are listed"
            }
            Self::ToolSchemas => {
                "schemas of tools have simple types alone, and the descriptions say the rest"
            }
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

    /// Whether whoever drives the model has to ask it in another way without this part.
    pub(in crate::model) fn changes_the_way(self) -> bool {
        matches!(self, Self::Tools | Self::DescribedTools | Self::ChatCompletions)
    }

    /// Whether it was left out to no end when the model has to be asked without tools all the same.
    pub(super) fn is_for_tools(self) -> bool {
        matches!(self, Self::Stream | Self::ToolDescriptions | Self::ToolSchemas)
    }
}
