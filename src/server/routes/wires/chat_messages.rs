//! The messages of a chat completion's request: the question, and the conversation before it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::server::http_error::HttpError;
use crate::server::said::{message_hash, nothing_said};

/// A request for a chat completion, as far as it means something here. What is null is as if it were not there.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::server::routes) struct ChatRequest {
    /// The conversation; the last one is the question.
    pub(super) messages: Vec<ChatMessage>,
    /// Whether the answer comes in chunks.
    stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptions>,
    /// `session` names the session.
    pub(super) metadata: Option<Map<String, Value>>,
    /// Has to be empty, unless `tool_choice` is `none`: Cardinal runs tools of its own.
    tools: Option<Vec<Value>>,
    tool_choice: Option<Value>,
    /// As `tools`, in the words of before.
    functions: Option<Vec<Value>>,
    function_call: Option<Value>,
    /// Has to be 1: one question has one answer.
    #[schemars(with = "Option<u32>")]
    n: Option<f64>,
    /// Has to be `text`: the parts of an answer stand in `cardinal`.
    response_format: Option<Value>,
    /// Has to be text alone.
    modalities: Option<Vec<String>>,
    /// Has to be null: nothing is spoken.
    audio: Option<Value>,
    /// Has to be null: nothing but the catalog is searched.
    web_search_options: Option<Value>,
    /// Has to be false: not every answer has one model's.
    logprobs: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StreamOptions {
    /// Whether a last chunk tells the tokens.
    pub(super) include_usage: Option<bool>,
}

/// One message of a client's conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ChatMessage {
    /// `user`, `assistant`, or another; only these two count.
    #[serde(default)]
    pub(super) role: String,
    /// Of the items of a conversation only messages are read: it is `message`, or not there.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// What an `item_reference` names.
    pub(super) id: Option<String>,
    /// A text, or a list of parts with a `text` each.
    #[serde(default)]
    content: Value,
}

impl ChatMessage {
    /// Its text; an error when it holds anything else.
    pub(super) fn text(&self) -> Result<String, HttpError> {
        match &self.content {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            Value::Array(parts) => {
                let texts: Result<Vec<&str>, HttpError> = parts.iter().map(text_of).collect();
                Ok(joined(texts?.into_iter()))
            }
            _ => Err(HttpError::bad_request(
                "`content` of a message is a text or a list of parts",
            )),
        }
    }

    pub(super) fn of(role: &str, text: String) -> Self {
        Self {
            role: role.to_owned(),
            kind: None,
            id: None,
            content: Value::String(text),
        }
    }

    fn is_said(&self) -> bool {
        matches!(self.role.as_str(), "user" | "assistant")
    }

    /// Whether it tells the model how to be.
    pub(super) fn is_told(&self) -> bool {
        matches!(self.role.as_str(), "system" | "developer")
    }

    fn has_role(&self) -> bool {
        self.is_said() || self.is_told() || matches!(self.role.as_str(), "tool" | "function")
    }
}

/// A question, and what stands for the conversation before it.
#[derive(Debug)]
pub(super) struct ChatQuestion {
    pub(super) question: String,
    /// The hash of the messages before the question; `None` when it is the first.
    pub(super) before: Option<blake3::Hash>,
    /// The hash of the messages up to the question before it; `None` when it is the first.
    pub(super) last_asked: Option<blake3::Hash>,
    pub(super) with_question: blake3::Hash,
    /// What was said before it, as the client tells it, and of each whether it is an answer.
    pub(super) said: Vec<(bool, String)>,
}

impl ChatRequest {
    pub(super) fn is_streamed(&self) -> bool {
        self.stream.unwrap_or_default()
    }

    /// Whether the answer is wanted as a call or in a form.
    pub(super) fn wants_form(&self) -> bool {
        let format = self
            .response_format
            .as_ref()
            .and_then(|format| format.get("type"));
        format.is_some_and(|kind| kind != "text")
            || self.tools.as_ref().is_some_and(|tools| !tools.is_empty())
    }

    /// Checks that nothing is asked for that is not done here.
    pub(super) fn check(&self) -> Result<(), HttpError> {
        let is_off = |choice: &Option<Value>| choice.as_ref().is_some_and(|choice| choice == "none");
        no_tools(
            "tools",
            self.tools.as_deref().filter(|_| !is_off(&self.tool_choice)),
        )?;
        no_tools(
            "functions",
            self.functions.as_deref().filter(|_| !is_off(&self.function_call)),
        )?;
        // JSON writes the same number as 1 and as 1.0.
        if self.n.is_some_and(|n| (n - 1.0).abs() > 0.0) {
            return Err(HttpError::bad_request(
                "`n` is 1 here: one question has one answer",
            ));
        }
        plain_text_wanted("response_format", self.response_format.as_ref())?;
        let modalities = self.modalities.as_deref().unwrap_or_default();
        if modalities.iter().any(|kind| kind != "text") {
            return Err(HttpError::bad_request(
                "Cardinal answers in text: leave out `modalities`",
            ));
        }
        let not_done = [
            ("audio", self.audio.is_some()),
            ("web_search_options", self.web_search_options.is_some()),
            ("logprobs", self.logprobs.unwrap_or_default()),
        ];
        none_of(&not_done)
    }

    /// The question, and what stands for the conversation before it.
    pub(super) fn question(&self) -> Result<ChatQuestion, HttpError> {
        question_of(&self.messages)
    }
}

/// Refuses the tools of a client.
pub(super) fn no_tools(field: &str, tools: Option<&[Value]>) -> Result<(), HttpError> {
    if tools.is_none_or(<[Value]>::is_empty) {
        return Ok(());
    }
    Err(HttpError::bad_request(format!(
        "Cardinal runs tools of its own and calls none of its clients: leave out `{field}`, or switch native tools off for this model"
    )))
}

/// Refuses what is asked for and not done here, by its name.
pub(super) fn none_of(fields: &[(&str, bool)]) -> Result<(), HttpError> {
    let Some((field, _)) = fields.iter().find(|(_, asked)| *asked) else {
        return Ok(());
    };
    Err(HttpError::bad_request(format!(
        "`{field}` is not done here: leave it out"
    )))
}

/// Refuses an answer in another form than text.
pub(super) fn plain_text_wanted(field: &str, format: Option<&Value>) -> Result<(), HttpError> {
    let kind = format.and_then(|format| format.get("type"));
    if format.is_none() || kind.is_some_and(|kind| kind == "text") {
        return Ok(());
    }
    Err(HttpError::bad_request(format!(
        "Cardinal answers in text, and in no form of its client's: leave out `{field}`; tables, figures and evidence of an answer \
         stand in the extra key `cardinal`"
    )))
}

/// Parts of a message, and items of a conversation, that hold what a model thought. Clients send them back as they came.
const THOUGHTS: [&str; 5] = [
    "think",
    "thinking",
    "reasoning",
    "redacted_thinking",
    "reasoning_text",
];

/// The text of a part of a message; thoughts have none.
fn text_of(part: &Value) -> Result<&str, HttpError> {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
    if THOUGHTS.contains(&kind) {
        return Ok("");
    }
    let is_text = matches!(kind, "text" | "input_text" | "output_text" | "refusal");
    let text = part
        .get("text")
        .or_else(|| part.get("refusal"))
        .and_then(Value::as_str);
    text.filter(|_| is_text).ok_or_else(|| {
        let shown = crate::text::clean_line(kind, 40);
        HttpError::bad_request(format!(
            "Cardinal reads text only, and a message has a part of the type \"{shown}\": leave images, sound and files out"
        ))
    })
}

/// How Open WebUI begins a question to which it adds what it found in files.
const WITH_CONTEXT: &str = "### Task:\nRespond to the user query using the provided context";
/// What stands before the question then: behind what was found, or in a mark of its own.
const CONTEXT_ENDS: &str = "</context>";
const QUERY: (&str, &str) = ("<user_query>", "</user_query>");

/// The question in what a front end made of it: what was found in files is no part of it. In the history it stands alone.
fn unwrapped(text: &str) -> &str {
    if !text.trim_start().starts_with(WITH_CONTEXT) {
        return text;
    }
    let behind = text.rsplit_once(CONTEXT_ENDS).map_or("", |(_, behind)| behind);
    let marked = behind.split_once(QUERY.0);
    let marked = marked.and_then(|(_, rest)| Some(rest.split_once(QUERY.1)?.0));
    let question = marked.unwrap_or(behind);
    Some(question.trim())
        .filter(|question| !question.is_empty())
        .unwrap_or(text)
}

/// Texts of parts of one message, each in a line of its own: they are no one word.
pub(super) fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let is_apart =
            text.is_empty() || text.ends_with(char::is_whitespace) || part.starts_with(char::is_whitespace);
        if !is_apart {
            text.push('\n');
        }
        text.push_str(part);
    }
    text
}

/// The last message, which has to be a person's, and the ones before it.
pub(super) fn question_of(messages: &[ChatMessage]) -> Result<ChatQuestion, HttpError> {
    let other = messages.iter().filter_map(|message| message.kind.as_deref());
    if let Some(kind) = other
        .into_iter()
        .find(|kind| *kind != "message" && !THOUGHTS.contains(kind))
    {
        let shown = crate::text::clean_line(kind, 40);
        return Err(HttpError::bad_request(format!(
            "Cardinal reads the messages of a conversation, and nothing else: leave out what has the type \"{shown}\""
        )));
    }
    let thinks = |message: &ChatMessage| message.kind.as_deref().is_some_and(|kind| kind != "message");
    if let Some(message) = messages
        .iter()
        .find(|message| !thinks(message) && !message.has_role())
    {
        let shown = crate::text::clean_line(&message.role, 40);
        return Err(HttpError::bad_request(format!(
            "a message has the role \"{shown}\", which there is not: it is user, assistant, system, developer, tool or function"
        )));
    }
    let said: Vec<&ChatMessage> = messages.iter().filter(|message| message.is_said()).collect();
    let results_last = messages
        .iter()
        .rev()
        .find(|message| !message.is_told() && !thinks(message));
    let is_question = results_last.is_none_or(|last| last.role == "user");
    let (last, before) = match said.split_last() {
        Some((last, before)) if last.role == "user" && is_question => (last, before),
        _ => {
            return Err(HttpError::bad_request(
                "the last message has to be the user's question",
            ));
        }
    };
    let (mut hash, mut last_asked) = (nothing_said(), None);
    let mut said = Vec::with_capacity(before.len());
    for message in before {
        let text = message.text()?;
        let text = if message.role == "user" {
            unwrapped(&text)
        } else {
            &text
        };
        hash = message_hash(hash, &message.role, text);
        if message.role == "user" {
            last_asked = Some(hash);
        }
        said.push((message.role == "assistant", text.to_owned()));
    }
    let question = last.text()?;
    let question = unwrapped(&question).to_owned();
    Ok(ChatQuestion {
        said,
        before: (!before.is_empty()).then_some(hash),
        last_asked,
        with_question: message_hash(hash, "user", &question),
        question,
    })
}
