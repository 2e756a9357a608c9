use super::server::ServerSettings;
use super::store::StoreSettings;
use super::{ConfigError, Environment, Overrides, load};
use crate::agent::{BudgetSettings, GroundingSettings, GuardSettings};
use crate::approvals::ApprovalSettings;
use crate::call_log::CallLogSettings;
use crate::catalog::CatalogSettings;
use crate::dbt::DbtSettings;
use crate::grants::GrantSettings;
use crate::ledger::DaySettings;
use crate::metabase::MetabaseSettings;
use crate::model::ModelSettings;
use crate::result::{ConversationSettings, ShapingSettings};
use crate::tapes::TapeSettings;

/// Everything the program is told, validated. Secrets are never printed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The Metabase to ask; `None` runs on the embedded sandbox.
    pub metabase: Option<MetabaseSettings>,
    /// The dbt account and the local dbt project, as far as there are any.
    pub dbt: DbtSettings,
    /// What may be asked of Metabase and dbt.
    pub grants: GrantSettings,
    /// Where approvals are asked for; `None`: nowhere.
    pub approvals: Option<ApprovalSettings>,
    /// Where calls are written down; `None`: nowhere.
    pub call_log: Option<CallLogSettings>,
    /// Which content of Metabase and dbt a model may use.
    pub catalog: CatalogSettings,
    /// The model that is asked, and how it is reached.
    pub model: ModelSettings,
    /// Budgets of a turn and of a conversation.
    pub budget: BudgetSettings,
    /// What one principal may use in a day, over all processes.
    pub day: DaySettings,
    /// When the guard steps in.
    pub guard: GuardSettings,
    /// What becomes of figures without a source.
    pub grounding: GroundingSettings,
    /// What a model sees of a result.
    pub shaping: ShapingSettings,
    /// How much of a conversation is sent and held.
    pub conversation: ConversationSettings,
    /// Whether and where each turn is recorded on a tape.
    pub tape: TapeSettings,
    /// Where `cardinal serve` listens, who may ask, and its limits.
    pub server: ServerSettings,
    /// Where the server keeps sessions and answers.
    pub store: StoreSettings,
}

impl Settings {
    /// The embedded demo, asked through the keyword planner: it needs no key and no network.
    pub fn demo() -> Self {
        Self {
            metabase: None,
            dbt: DbtSettings::default(),
            grants: GrantSettings::default(),
            approvals: None,
            call_log: None,
            catalog: CatalogSettings::default(),
            model: ModelSettings::offline(),
            budget: BudgetSettings::default(),
            day: DaySettings::default(),
            guard: GuardSettings::default(),
            grounding: GroundingSettings::default(),
            shaping: ShapingSettings::default(),
            conversation: ConversationSettings::default(),
            tape: TapeSettings::default(),
            server: ServerSettings::default(),
            store: StoreSettings::default(),
        }
    }

    /// The settings of this process: `cardinal.toml` in the working directory if it is there, then the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let here = std::env::current_dir().unwrap_or_default();
        let loaded = load(&Environment::of_process(), &here, &Overrides::default())?;
        Ok(loaded.settings)
    }
}
