//! The loop: messages, the stream, the call, the rows into the next request.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessageArgs,
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessageArgs,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, ChatCompletionTool, ChatCompletionTools,
    CreateChatCompletionRequestArgs, FunctionCall, FunctionObjectArgs,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::{Outcome, card_rows};

/// Where the stubs are, and the clients that ask them.
#[derive(Debug, Clone)]
pub(crate) struct Stub {
    pub(crate) model: Client<OpenAIConfig>,
    pub(crate) http: reqwest::Client,
    pub(crate) metabase: String,
    pub(crate) key: String,
}

impl Stub {
    /// Answers one question.
    pub(crate) async fn turn(&self, question: String) -> Outcome<String> {
        let system = ChatCompletionRequestSystemMessage::from("Answer questions with the card.");
        let user = ChatCompletionRequestUserMessage::from(question);
        let mut messages: Vec<ChatCompletionRequestMessage> = vec![system.into(), user.into()];
        loop {
            let (text, calls) = self.complete(&messages).await?;
            if calls.is_empty() {
                return Ok(text);
            }
            let said = calls
                .iter()
                .cloned()
                .map(ChatCompletionMessageToolCalls::Function);
            let said = ChatCompletionRequestAssistantMessageArgs::default()
                .tool_calls(said.collect::<Vec<_>>())
                .build()?;
            messages.push(said.into());
            for call in calls {
                let arguments: Value = serde_json::from_str(&call.function.arguments)?;
                let card = arguments.get("card_id").cloned().unwrap_or_default();
                let at = (self.metabase.as_str(), self.key.as_str());
                let rows = card_rows::rows(&self.http, at, &card, &arguments).await?;
                let result = ChatCompletionRequestToolMessageArgs::default()
                    .tool_call_id(call.id)
                    .content(rows)
                    .build()?;
                messages.push(result.into());
            }
        }
    }

    /// The text of a completion, and its calls.
    async fn complete(
        &self,
        messages: &[ChatCompletionRequestMessage],
    ) -> Outcome<(String, Vec<ChatCompletionMessageToolCall>)> {
        let function = FunctionObjectArgs::default()
            .name("run_card")
            .description("Runs a card.")
            .parameters(json!({
                "type": "object",
                "properties": {"card_id": {"type": "integer"}, "parameters": {"type": "object"}},
            }))
            .build()?;
        let request = CreateChatCompletionRequestArgs::default()
            .model("bench")
            .messages(messages)
            .tools(vec![ChatCompletionTools::Function(ChatCompletionTool {
                function,
            })])
            .stream_options(ChatCompletionStreamOptions {
                include_usage: Some(true),
                include_obfuscation: None,
            })
            .build()?;
        let mut stream = self.model.chat().create_stream(request).await?;
        let (mut text, mut calls) = (String::new(), Vec::<ChatCompletionMessageToolCall>::new());
        while let Some(chunk) = stream.next().await {
            for choice in chunk?.choices {
                text.push_str(choice.delta.content.as_deref().unwrap_or_default());
                for piece in choice.delta.tool_calls.into_iter().flatten() {
                    let function = piece.function.unwrap_or_default();
                    if let Some(id) = piece.id {
                        let (name, arguments) = (function.name.unwrap_or_default(), String::new());
                        let function = FunctionCall { name, arguments };
                        calls.push(ChatCompletionMessageToolCall { id, function });
                    }
                    if let (Some(call), Some(more)) = (calls.last_mut(), function.arguments) {
                        call.function.arguments.push_str(&more);
                    }
                }
            }
        }
        Ok((text, calls))
    }
}
