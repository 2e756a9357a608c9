use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::StreamExt;

use super::probe::{is_the_call, probing};
use super::{
    Completion, Message, Model, ModelDrive, ModelError, ModelEvent, ModelProtocol, ModelRequest,
    ModelSettings, RequestPart, ToolChoice, ToolResultMessage, connect, cut_prompt,
};
use crate::wire::Wire;

/// What two small completions of a model showed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is one finding of its own")]
pub struct ModelTrial {
    /// The API that it is asked over.
    pub protocol: Option<ModelProtocol>,
    /// How the model is driven: as the settings say, or as was found out.
    pub drive: ModelDrive,
    /// Whether it called the tool it was asked to call, with the arguments it was asked for.
    pub calls_tools: bool,
    /// Whether it answered in words after its call was refused.
    pub takes_a_refusal: bool,
    /// Whether text came in pieces.
    pub streams: bool,
    /// Whether the server said how many tokens were used, both times.
    pub tells_usage: bool,
    /// Tokens of the second prompt that were read from the provider's cache.
    pub cached_tokens: u64,
    /// What is told where the server seems to read only a part of a prompt of usual size.
    pub cut_prompt: Option<String>,
    /// What the server refused and is left out of requests.
    pub left_out: Vec<RequestPart>,
}

/// Tries the model of these settings: one call of a tool, a refusal of that call, and an answer to it.
pub async fn try_model(settings: &ModelSettings, wire: Wire) -> Result<ModelTrial, ModelError> {
    let model = connect(settings, wire)?;
    let mut request = probing();
    request.system = of_usual_size(&request.system);
    let (first, _) = whole(&*model, &request).await?;
    let refused = first.tool_calls.iter().map(|call| ToolResultMessage {
        call_id: call.id.clone(),
        tool: call.name.clone(),
        content: include_str!("../../prompts/model/trial_refusal.md")
            .trim_end()
            .into(),
        is_error: true,
        result: None,
        table: None,
    });
    let results: Vec<ToolResultMessage> = refused.collect();
    request.messages.push(Message::Assistant {
        text: first.text.clone(),
        tool_calls: first.tool_calls.clone(),
        opaque: first.opaque.clone(),
    });
    request.messages.push(if results.is_empty() {
        Message::Note(
            include_str!("../../prompts/model/trial_refusal.md")
                .trim_end()
                .to_owned(),
        )
    } else {
        Message::ToolResults(results)
    });
    request.tool_choice = ToolChoice::None;
    let (second, pieces) = whole(&*model, &request).await?;
    let left_out = model.left_out();
    Ok(ModelTrial {
        protocol: ModelProtocol::of(settings.id.provider, &left_out),
        drive: model.found_drive().unwrap_or(settings.drive),
        calls_tools: first.tool_calls.iter().any(is_the_call),
        takes_a_refusal: !second.text.trim().is_empty() && second.tool_calls.is_empty(),
        streams: pieces > 1,
        tells_usage: first.usage.is_some() && second.usage.is_some(),
        cached_tokens: second.usage.map_or(0, |usage| usage.cached_tokens),
        cut_prompt: cut_prompt(&request, second.usage),
        left_out,
    })
}

/// A system prompt as long as one with a catalog is: some servers cut what is longer than they are set up for.
fn of_usual_size(system: &str) -> Arc<str> {
    const BYTES: usize = 24_000;
    const LINE: usize = 60;
    let mut long = format!("{system}\n\nAn inventory follows, which is of no use here.\n");
    for number in 1..=BYTES / LINE {
        let (boxes, week) = (number * 7 % 93, number % 52);
        // Writing to a text cannot fail.
        let _ = writeln!(
            long,
            "Shelf {number:>4} holds {boxes:>2} boxes, which were counted in week {week:>2}."
        );
    }
    long.into()
}

/// One completion, and in how many pieces its text came.
async fn whole(model: &dyn Model, request: &ModelRequest) -> Result<(Completion, usize), ModelError> {
    let mut stream = model.complete(request).await?;
    let mut pieces = 0;
    while let Some(event) = stream.next().await {
        match event? {
            ModelEvent::Text(_) => pieces += 1,
            ModelEvent::Done(completion) => return Ok((completion, pieces)),
            _ => {}
        }
    }
    Err(ModelError::BrokeOff {
        model: model.id().to_string(),
        message: "the stream ended before the completion did".to_owned(),
        next: super::NextStep::none(),
    })
}
