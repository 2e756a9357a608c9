use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use rust_decimal::prelude::ToPrimitive;
use tokio_util::sync::CancellationToken;

use super::material::material;
use super::opinions::{Opinion, Opinions};
use crate::app::{self, Error as AppError};
use crate::eval::judge::case_of;
use crate::eval::{Case, Suite, TrialRecord, Verdict};
use crate::model::{self, Message, Model, ModelError, ModelEvent, ModelRequest, Prices, ToolChoice, Usage};
use crate::model::{ModelDrive, ModelSettings};

/// What it is told to do.
const SYSTEM: &str = include_str!("../../../prompts/judge/system.md");
/// As little chance as a provider offers.
const TEMPERATURE: f32 = 0.0;
/// Each trial is put to it this often, to see whether it says the same again.
const TIMES: usize = 2;

/// Why there is no judge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// Its wire cannot be set up.
    #[error(transparent)]
    Wire(#[from] AppError),
    /// It cannot be reached in this way.
    #[error("{model} cannot judge answers: name a language model, openai:NAME or anthropic:NAME")]
    Model { model: String, source: ModelError },
}

/// A language model that is asked for its opinion.
#[derive(Debug)]
pub struct Judge {
    model: Arc<dyn Model>,
    prices: Option<Prices>,
    max_output_tokens: u32,
    prompt: String,
}

impl Judge {
    /// The judge that these settings reach. Sends nothing yet.
    pub fn connect(settings: &ModelSettings) -> Result<Self, JudgeError> {
        let settings = ModelSettings {
            drive: ModelDrive::Native,
            ..settings.clone()
        };
        let wire = app::model_wire(&settings)?;
        let model = model::connect(&settings, wire).map_err(|source| JudgeError::Model {
            model: settings.id.to_string(),
            source,
        })?;
        Ok(Self {
            model,
            prices: app::price(&settings),
            max_output_tokens: settings.max_output_tokens,
            prompt: blake3::hash(SYSTEM.as_bytes()).to_hex().to_string(),
        })
    }

    /// Asks for an opinion of every trial that graders have judged, so many trials at once. What cannot be had is an opinion that
    /// says why; trials that were not come to when `cancel` fires keep none.
    pub async fn ask(
        &self,
        suites: &[Suite],
        records: &mut [TrialRecord],
        jobs: usize,
        cancel: &CancellationToken,
    ) {
        let judged =
            |record: &TrialRecord| matches!(record.verdict, Verdict::Passed | Verdict::Regressed { .. });
        let wanted = records.iter().enumerate().filter(|(_, record)| judged(record));
        let wanted: Vec<(usize, &Case, &TrialRecord)> = wanted
            .filter_map(|(at, record)| Some((at, case_of(suites, record)?.1, record)))
            .collect();
        let opinions: Vec<(usize, Opinions)> = stream::iter(wanted)
            .take_while(|_| std::future::ready(!cancel.is_cancelled()))
            .map(|(at, case, record)| async move { (at, self.of(case, record, cancel).await) })
            .buffer_unordered(jobs.max(1))
            .filter_map(|(at, opinions)| std::future::ready(opinions.map(|opinions| (at, opinions))))
            .collect()
            .await;
        for (at, opinions) in opinions {
            if let Some(record) = records.get_mut(at) {
                record.judge = Some(opinions);
            }
        }
    }

    async fn of(&self, case: &Case, record: &TrialRecord, cancel: &CancellationToken) -> Option<Opinions> {
        let request = ModelRequest {
            system: SYSTEM.into(),
            tools: [].into(),
            messages: vec![Message::Note(material(case, record))],
            tool_choice: ToolChoice::None,
            max_output_tokens: self.max_output_tokens,
            temperature: Some(TEMPERATURE),
            cache_key: self.prompt.clone(),
        };
        let mut said = Vec::with_capacity(TIMES);
        let mut used = Some(Usage::default());
        for _ in 0..TIMES {
            let (opinion, usage) = cancel.run_until_cancelled(self.once(&request)).await?;
            said.push(opinion);
            used = used.zip(usage).map(|(sum, more)| sum + more);
        }
        let cost = used
            .zip(self.prices)
            .and_then(|(usage, prices)| prices.cost(usage).0.to_f64());
        Some(Opinions {
            model: self.model.id().to_string(),
            prompt: self.prompt.clone(),
            temperature: TEMPERATURE,
            said,
            usage: used.unwrap_or_default(),
            cost_usd: cost,
        })
    }

    async fn once(&self, request: &ModelRequest) -> (Opinion, Option<Usage>) {
        let failed = |error: ModelError| (Opinion::none(format!("no reply came: {error}")), None);
        let mut stream = match self.model.complete(request).await {
            Ok(stream) => stream,
            Err(error) => return failed(error),
        };
        while let Some(event) = stream.next().await {
            match event {
                Ok(ModelEvent::Done(completion)) => {
                    return (Opinion::read(&completion.text), completion.usage);
                }
                Ok(_) => {}
                Err(error) => return failed(error),
            }
        }
        (Opinion::none("the reply broke off".to_owned()), None)
    }
}
