use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::dbt_settings::DbtTurnSettings;
use crate::ledger::Allowance;
use crate::metabase::SignInMethod;
use crate::model::CompletionSettings;
use crate::references::FigureStyle;
use crate::result::{ConversationSettings, ShapingSettings};

/// Everything that shapes a turn's requests and its answer. A tape's header holds it, so that the turn can be run again; no
/// secret is among it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnSettings {
    /// How completions are asked for, and what they cost.
    pub model: CompletionSettings,
    /// Budgets of a turn and of a conversation.
    pub budget: BudgetSettings,
    /// When the guard steps in.
    pub guard: GuardSettings,
    /// What becomes of figures without a source. Tapes that were recorded before figures were looked up do not say it: off.
    #[serde(default = "GroundingSettings::off")]
    pub grounding: GroundingSettings,
    /// How much of a result the model sees.
    pub shaping: ShapingSettings,
    /// How much of a conversation is sent, and how long its results are held.
    #[serde(default)]
    pub conversation: ConversationSettings,
    /// Most rows fetched for one query, over all its pages.
    pub max_rows: u64,
    /// How a refused credential is renewed. Older tapes do not say it: never.
    #[serde(default)]
    pub sign_in: SignInMethod,
    /// The variable that holds the credential, where errors name another than the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_from: Option<String>,
    /// How dbt is asked, where its tools are offered or metrics of it are curated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dbt: Option<DbtTurnSettings>,
}

impl TurnSettings {
    /// Settings of turns that ask for completions so, with the usual budgets and limits.
    pub fn new(model: CompletionSettings) -> Self {
        Self {
            model,
            budget: BudgetSettings::default(),
            guard: GuardSettings::default(),
            grounding: GroundingSettings::default(),
            shaping: ShapingSettings::default(),
            conversation: ConversationSettings::default(),
            max_rows: 10_000,
            sign_in: SignInMethod::default(),
            credential_from: None,
            dbt: None,
        }
    }

    /// The settings in a tape's header. Older tapes keep what decides the requests to dbt's Semantic Layer apart.
    pub fn of_setup(setup: &Value) -> Result<Self, serde_json::Error> {
        let mut setup = setup.clone();
        if let Some(fields) = setup.as_object_mut()
            && let Some(layer) = fields.remove("semantic_layer")
        {
            let before = fields.remove("dbt").unwrap_or_default();
            fields.insert("dbt".to_owned(), DbtTurnSettings::joined(before, layer)?);
        }
        serde_json::from_value(setup)
    }
}

/// Budgets of one turn, and of the conversation it is part of. When one runs out the model gets one last completion to
/// answer with what there is.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BudgetSettings {
    /// Most steps (completions that may call tools).
    pub max_steps: u32,
    /// Most tool calls, refused ones included.
    pub max_tool_calls: u32,
    /// Most tokens, input and output of all completions together.
    pub max_tokens: u64,
    /// Most money, in US dollars; `None` for no limit.
    pub max_cost_usd: Option<rust_decimal::Decimal>,
    /// Whether a model of unknown price may be used under a money budget: the turn's, the conversation's or the day's.
    pub allow_unpriced: bool,
    /// Most wall time of a turn, with everything that is waited for.
    pub max_time: Duration,
    /// What all turns of a conversation may use together.
    #[serde(default, skip_serializing_if = "Allowance::is_unlimited")]
    pub session: Allowance,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self {
            max_steps: 12,
            max_tool_calls: 20,
            max_tokens: 400_000,
            max_cost_usd: None,
            allow_unpriced: false,
            max_time: Duration::from_secs(180),
            session: Allowance::default(),
        }
    }
}

/// When the guard steps in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct GuardSettings {
    /// The same call this many times ends the loop; from the second on it is served from the turn's own results.
    pub max_same_call: u32,
    /// A cycle of two or three calls this many times ends the loop; of one of four or five, one time less will do.
    pub max_cycles: u32,
    /// Completions in a row with errors of one class, after which the tool is closed.
    pub max_error_streak: u32,
    /// Completions with errors of any class, whatever lies between, that end the loop.
    pub max_errors: u32,
    /// Tools closed that end the loop.
    pub max_closed_tools: u32,
    /// Completions in a row with empty results that end the loop.
    pub max_empty_results: u32,
    /// Completions in a row with results that repeat the content of an earlier one, though the call was another, that
    /// end the loop.
    pub max_stale_results: u32,
    /// Completions in a row with cut results of one source that end the loop.
    pub max_cut_results: u32,
    /// Pages of one held result, after which no more are shown.
    pub max_pages: u32,
    /// Turns in a row that may end with a question back to the person.
    pub max_clarifications: u32,
    /// Most bytes of text one completion may stream.
    pub max_text_bytes: usize,
    /// Most bytes of reasoning and of calls' arguments, together, one completion may stream.
    pub max_unheard_bytes: usize,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            max_same_call: 4,
            max_cycles: 3,
            max_error_streak: 4,
            max_errors: 8,
            max_closed_tools: 2,
            max_empty_results: 4,
            max_stale_results: 4,
            max_cut_results: 4,
            max_pages: 6,
            max_clarifications: 3,
            max_text_bytes: 64 * 1024,
            max_unheard_bytes: 16 * 1024 * 1024,
        }
    }
}

/// What becomes of an answer's figures that have no source in any result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GroundingSettings {
    /// Whether the model is told once, and asked for the answer again.
    pub repair: bool,
    /// What becomes of those that stay.
    pub on_unmatched: OnUnmatched,
    /// Whether the model may point at figures, which are then written for it.
    #[serde(default = "ReferenceMode::off")]
    pub references: ReferenceMode,
    /// How figures are written that it points at.
    #[serde(default, skip_serializing_if = "FigureStyle::is_auto")]
    pub number_style: FigureStyle,
}

impl GroundingSettings {
    /// Figures are not looked up for a verdict.
    fn off() -> Self {
        Self {
            repair: false,
            on_unmatched: OnUnmatched::Off,
            references: ReferenceMode::Off,
            number_style: FigureStyle::Auto,
        }
    }
}

impl Default for GroundingSettings {
    fn default() -> Self {
        Self {
            repair: true,
            on_unmatched: OnUnmatched::Mark,
            references: ReferenceMode::On,
            number_style: FigureStyle::Auto,
        }
    }
}

/// What becomes of an answer with figures that have no source.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OnUnmatched {
    /// It goes out with a mark, as a partial answer.
    #[default]
    Mark,
    /// It is withheld: the outcome is `refused`, and the text says which figures have no source.
    Refuse,
    /// Nothing: figures are looked up for the evidence alone.
    Off,
}

/// Whether a model is told of references (`{{r1 revenue @ 2025-03}}`), and whether those it writes are resolved.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceMode {
    /// It is told of them, and they are resolved.
    #[default]
    On,
    /// Neither: the model writes all figures itself.
    Off,
}

impl ReferenceMode {
    /// Tapes from before there were references do not name them.
    fn off() -> Self {
        Self::Off
    }
}
