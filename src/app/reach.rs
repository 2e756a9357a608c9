use std::sync::Arc;

use jiff::civil::Date;

use crate::catalog::Catalog;
use crate::model::{
    BudgetShare, BudgetedModel, CompletionSettings, Model, ModelError, ModelSettings, Prices, Provider,
    connect, connect_as_recorded,
};
use crate::planner::OfflinePlanner;
use crate::wire::Wire;

/// How a session reaches its model: as it is driven now, or as a turn drove it that was recorded.
#[derive(Debug, Clone)]
pub(super) struct ModelReach {
    pub(super) settings: Arc<ModelSettings>,
    pub(super) wire: Wire,
    /// What pays for its completions, beside the budgets of the settings.
    pub(super) budget: Option<(BudgetShare, Prices)>,
}

impl ModelReach {
    /// The model of the settings. The offline planner ranks the entries of `catalog`.
    pub(super) fn model(&self, catalog: &Arc<Catalog>, today: Date) -> Result<Arc<dyn Model>, ModelError> {
        Ok(match self.settings.id.provider {
            Provider::Offline => Arc::new(OfflinePlanner::new(Arc::clone(catalog), today)),
            Provider::Openai | Provider::OpenaiResponses | Provider::Anthropic => {
                self.paid(connect(&self.settings, self.wire.clone())?)
            }
        })
    }

    /// The model driven as it was in a recorded turn, whatever was found out about its server since or not yet; `None` for
    /// the offline planner, which is driven in one way only.
    pub(super) fn as_recorded(
        &self,
        recorded: &CompletionSettings,
    ) -> Result<Option<Arc<dyn Model>>, ModelError> {
        if self.settings.id.provider == Provider::Offline {
            return Ok(None);
        }
        let settings = ModelSettings {
            drive: recorded.drive,
            ..(*self.settings).clone()
        };
        let model = connect_as_recorded(&settings, self.wire.clone(), &recorded.left_out)?;
        Ok(Some(self.paid(model)))
    }

    fn paid(&self, model: Arc<dyn Model>) -> Arc<dyn Model> {
        match &self.budget {
            None => model,
            Some((share, prices)) => {
                let queue = self.wire.queue_time().clone();
                Arc::new(BudgetedModel::new(model, share.clone(), *prices, queue))
            }
        }
    }
}
