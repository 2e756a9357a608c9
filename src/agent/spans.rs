//! The spans of a turn, as OpenTelemetry's conventions for generative AI have them: `invoke_agent` for the turn, in it `chat` for
//! each completion and `execute_tool` for each call. No text of a question, an answer or a result, unless it was asked for.

use serde::Serialize;
use serde_json::json;
use tracing::Span;
use tracing::field::Empty;

use super::clock::Interruption;
use super::protocol::TurnInput;
use super::{Answer, CallRecord, CallStatus, Outcome};
use crate::model::{Completion, ModelId, ModelRequest, Provider, StopCause};
use crate::telemetry::{SPANS, count, failed, set_texts, shows_content};
use crate::text::one_line;
use crate::tools::ToolOutput;

const AGENT: &str = "cardinal";
/// Longest name of a tool: a model may write any.
const NAME_CHARS: usize = 120;

/// A turn that begins now.
pub(super) fn turn(model: &ModelId, conversation: &str, turn: &str) -> Span {
    tracing::info_span!(
        target: SPANS,
        "invoke_agent",
        otel.name = format!("invoke_agent {AGENT}"),
        otel.kind = "internal",
        otel.status_code = Empty,
        error.r#type = Empty,
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = AGENT,
        gen_ai.agent.version = env!("CARGO_PKG_VERSION"),
        gen_ai.provider.name = provider(model),
        gen_ai.request.model = model.name,
        gen_ai.conversation.id = conversation,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        cardinal.turn.id = turn,
        cardinal.outcome = Empty,
        cardinal.stop_reason = Empty,
        cardinal.cost_usd = Empty,
    )
}

/// What a turn came to.
pub(super) fn answered(span: &Span, answer: &Answer) {
    if span.is_disabled() {
        return;
    }
    span.record("gen_ai.usage.input_tokens", count(answer.usage.input_tokens));
    span.record("gen_ai.usage.output_tokens", count(answer.usage.output_tokens));
    span.record("cardinal.outcome", word(&answer.outcome));
    span.record("cardinal.stop_reason", word(&answer.stop_reason));
    if let Some(cost) = answer.usage.cost_usd {
        span.record("cardinal.cost_usd", cost);
    }
    if matches!(answer.outcome, Outcome::UpstreamFailed | Outcome::LoopStopped) {
        failed(span, &word(&answer.stop_reason));
    }
    if shows_content() {
        span.record("gen_ai.input.messages", message("user", &answer.question));
        span.record("gen_ai.output.messages", message("assistant", &answer.text));
    }
}

/// A completion that is asked for now.
pub(super) fn chat(model: &ModelId, conversation: &str, request: &ModelRequest) -> Span {
    tracing::info_span!(
        target: SPANS,
        "chat",
        otel.name = format!("chat {}", model.name),
        otel.kind = "client",
        otel.status_code = Empty,
        error.r#type = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = provider(model),
        gen_ai.request.model = model.name,
        gen_ai.request.max_tokens = count(request.max_output_tokens.into()),
        gen_ai.request.temperature = request.temperature.map(f64::from),
        gen_ai.conversation.id = conversation,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.cache_creation.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    )
}

pub(super) fn completed(span: &Span, came: &Result<TurnInput, Interruption>) {
    if span.is_disabled() {
        return;
    }
    match came {
        Ok(TurnInput::Completed(completion)) => whole(span, completion),
        Ok(TurnInput::Endless(_)) => failed(span, "endless_text"),
        Ok(_) => failed(span, "model_failed"),
        Err(Interruption::Cancelled) => failed(span, "cancelled"),
        Err(Interruption::TimeUp) => failed(span, "timeout"),
    }
}

fn whole(span: &Span, completion: &Completion) {
    span.record("gen_ai.response.model", &completion.model);
    if let Some(id) = &completion.id {
        span.record("gen_ai.response.id", &**id);
    }
    // In the words of OpenAI, which the conventions take.
    let reason = match completion.stop {
        StopCause::End => "stop",
        StopCause::ToolCalls => "tool_calls",
        StopCause::Length => "length",
        StopCause::Refusal | StopCause::Withheld => "content_filter",
        StopCause::Garbled | StopCause::Unclosed => "error",
    };
    set_texts(span, "gen_ai.response.finish_reasons", &[reason]);
    if let Some(usage) = completion.usage {
        span.record("gen_ai.usage.input_tokens", count(usage.input_tokens));
        span.record("gen_ai.usage.cache_read.input_tokens", count(usage.cached_tokens));
        span.record(
            "gen_ai.usage.cache_creation.input_tokens",
            count(usage.cache_write_tokens),
        );
        span.record("gen_ai.usage.output_tokens", count(usage.output_tokens));
    }
}

/// A call of a tool, with the id that the model gave it, where it is known.
pub(super) fn tool(name: &str, id: Option<&str>) -> Span {
    tracing::info_span!(
        target: SPANS,
        "execute_tool",
        otel.name = format!("execute_tool {}", one_line(name, NAME_CHARS)),
        otel.kind = "internal",
        otel.status_code = Empty,
        error.r#type = Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = %one_line(name, NAME_CHARS),
        gen_ai.tool.r#type = "function",
        gen_ai.tool.call.id = id,
        gen_ai.tool.call.arguments = Empty,
        gen_ai.tool.call.result = Empty,
        cardinal.tool.status = Empty,
        cardinal.tool.rows = Empty,
    )
}

pub(super) fn brought(span: &Span, output: &ToolOutput) {
    if !span.is_disabled() && shows_content() {
        span.record("gen_ai.tool.call.result", &output.content);
    }
}

pub(super) fn called(span: &Span, record: &CallRecord) {
    if span.is_disabled() {
        return;
    }
    let status = word(&record.status);
    span.record("cardinal.tool.status", &status);
    if let Some(rows) = record.rows {
        span.record("cardinal.tool.rows", count(rows));
    }
    if matches!(record.status, CallStatus::Refused | CallStatus::Failed) {
        failed(span, &status);
    }
    if shows_content() {
        span.record("gen_ai.tool.call.arguments", record.arguments.to_string());
    }
}

/// A call that nothing was run for: it was refused, or answered from what is known.
pub(super) fn not_run(record: &CallRecord) {
    called(&tool(&record.name, None), record);
}

fn provider(model: &ModelId) -> &'static str {
    match model.provider {
        Provider::Openai | Provider::OpenaiResponses => "openai",
        Provider::Anthropic => "anthropic",
        Provider::Offline => AGENT,
    }
}

/// A message as the conventions write them.
fn message(role: &str, text: &str) -> String {
    json!([{"role": role, "parts": [{"type": "text", "content": text}]}]).to_string()
}

/// A word of ours, as it is written everywhere.
fn word(of: &impl Serialize) -> String {
    let written = serde_json::to_value(of).unwrap_or_default();
    written.as_str().unwrap_or_default().to_owned()
}
