use futures_util::StreamExt;
use http::Method;

use super::{
    Message, ModelError, ModelEvent, ModelProtocol, ModelRequest, Provider, ToolChoice, anthropic, connect,
    listed, openai,
};
use crate::model::{ModelDrive, ModelSettings};
use crate::wire::{GrantedEndpoint, Grants, Wire};

const OPENAI_ENDPOINTS: &[GrantedEndpoint] = &[
    GrantedEndpoint::post("/chat/completions"),
    GrantedEndpoint::post("/responses"),
    GrantedEndpoint::get("/models"),
];
const ANTHROPIC_ENDPOINTS: &[GrantedEndpoint] = &[
    GrantedEndpoint::post("/v1/messages"),
    GrantedEndpoint::get("/v1/models"),
];

/// What a look at a model's server found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelHealth {
    /// The names the server lists, in its order; empty when it lists none.
    pub listed: Vec<String>,
    /// Whether the configured model is among them; `None` when the server lists none, and the model answered a
    /// completion of one token instead.
    pub has_model: Option<bool>,
    /// The API that it is asked over, as far as it was asked anything. `None` where nobody is asked.
    pub protocol: Option<ModelProtocol>,
}

/// What the wire has to let through for the model of these settings, and nothing more.
pub fn grants(settings: &ModelSettings) -> Result<Grants, ModelError> {
    match settings.id.provider {
        Provider::Openai | Provider::OpenaiResponses => {
            Ok(Grants::none().and(openai::endpoint(settings)?.base(), OPENAI_ENDPOINTS))
        }
        Provider::Anthropic => {
            Ok(Grants::none().and(anthropic::endpoint(settings)?.base(), ANTHROPIC_ENDPOINTS))
        }
        Provider::Offline => Ok(Grants::none()),
    }
}

/// Whether the model of these settings can be reached with its key. Asks for the list of models, and for one token
/// where there is no list.
pub async fn check(settings: &ModelSettings, wire: Wire) -> Result<ModelHealth, ModelError> {
    let endpoint = match settings.id.provider {
        Provider::Openai | Provider::OpenaiResponses => openai::endpoint(settings)?,
        Provider::Anthropic => anthropic::endpoint(settings)?,
        Provider::Offline => {
            return Ok(ModelHealth {
                listed: Vec::new(),
                has_model: None,
                protocol: None,
            });
        }
    };
    let path = listed::path(settings.id.provider);
    let sent = wire.send(endpoint.request(Method::GET, path, None)).await;
    let response = sent.map_err(|error| endpoint.wire_error(error))?;
    if !response.status.is_success() {
        let unlisted = matches!(response.status.as_u16(), 404 | 405 | 501);
        return match endpoint.accepted(response).await? {
            Err(refusal) if !unlisted => Err(endpoint.refused(&refusal)),
            _ => one_token(settings, wire).await,
        };
    }
    let body = response
        .bytes()
        .await
        .map_err(|error| endpoint.wire_error(error))?;
    let listed = listed::names(&body);
    if listed.is_empty() {
        return one_token(settings, wire).await;
    }
    let has_model = Some(listed.contains(&settings.id.name));
    Ok(ModelHealth {
        listed,
        has_model,
        protocol: ModelProtocol::of(settings.id.provider, &[]),
    })
}

async fn one_token(settings: &ModelSettings, wire: Wire) -> Result<ModelHealth, ModelError> {
    let native = ModelSettings {
        drive: ModelDrive::Native,
        ..settings.clone()
    };
    let request = ModelRequest {
        system: include_str!("../../prompts/model/check_system.md")
            .trim_end()
            .into(),
        tools: [].into(),
        messages: vec![Message::Note(
            include_str!("../../prompts/model/check_question.md")
                .trim_end()
                .to_owned(),
        )],
        tool_choice: ToolChoice::Auto,
        max_output_tokens: 1,
        temperature: None,
        cache_key: "check".to_owned(),
    };
    let model = connect(&native, wire)?;
    let mut stream = model.complete(&request).await?;
    while let Some(event) = stream.next().await {
        if let ModelEvent::Done(_) = event? {
            break;
        }
    }
    Ok(ModelHealth {
        listed: Vec::new(),
        has_model: None,
        protocol: ModelProtocol::of(settings.id.provider, &model.left_out()),
    })
}
