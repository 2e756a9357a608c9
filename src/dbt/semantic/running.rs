use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::client::SemanticLayerClient;
use super::forms::{QueryLook, QueryProgress};
use super::rows::ResultPage;
use crate::dbt::error::{self, DbtError, DbtFailure};
use crate::operations::semantic_layer as table;
use crate::wire::ServedBy;
#[cfg(feature = "arrow")]
use crate::wire::off_the_runtime;

/// The first wait before a query is looked at again; each is half as long again as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Longest wait for dbt to take note of a cancellation.
const CANCELLING: Duration = Duration::from_secs(5);

/// Whether results in Arrow's format can be read.
const READS_ARROW: bool = cfg!(feature = "arrow");
/// What a finished query without rows is told as.
const NO_ROWS: &str = if READS_ARROW {
    "dbt finished the query and gave no rows, neither as JSON nor as Arrow"
} else {
    "dbt finished the query and gave no rows as JSON; results as Arrow alone are read by builds with the feature `arrow`"
};

/// The form that pages are asked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResultForm {
    Json,
    /// For servers that give nothing else.
    Arrow,
}

/// A query that dbt works on. Dropped before it is over, it is cancelled there.
#[derive(Debug)]
pub(super) struct RunningQuery {
    client: SemanticLayerClient,
    id: String,
    over: bool,
    form: ResultForm,
}

/// What was seen at one look.
struct LookedAt {
    state: QueryProgress,
    bytes: u64,
    served_by: ServedBy,
}

/// A page of a finished result.
#[derive(Debug)]
pub(super) struct FinishedPage {
    pub(super) page: ResultPage,
    /// How many pages there are.
    pub(super) pages: u64,
    pub(super) bytes: u64,
    pub(super) served_by: ServedBy,
}

impl RunningQuery {
    pub(super) fn new(client: SemanticLayerClient, id: String) -> Self {
        Self {
            client,
            id,
            over: false,
            form: ResultForm::Json,
        }
    }

    /// Waits for its end and reads the first page.
    pub(super) async fn first_page(&mut self) -> Result<FinishedPage, DbtError> {
        let most = self.client.timeout();
        // What is waited between looks is counted and not measured, so that a replay gives up after the same look. The
        // clock is only there for servers that take long for each look.
        let give_up = Instant::now() + most * 2;
        let (mut waited, mut wait) = (Duration::ZERO, FIRST_WAIT);
        loop {
            let Ok(looked) = tokio::time::timeout_at(give_up, self.look(1)).await else {
                return Err(self.too_slow("not answering"));
            };
            let looked = looked?;
            let status = looked.state.status.as_deref().unwrap_or_default().to_uppercase();
            match status.as_str() {
                "SUCCESSFUL" => {
                    self.over = true;
                    return self.finished(1, looked).await;
                }
                "FAILED" => {
                    self.over = true;
                    let said = looked.state.error.as_deref();
                    return Err(failed(said.unwrap_or("it does not say why")));
                }
                _ => {}
            }
            if waited >= most {
                return Err(self.too_slow(&status));
            }
            waited += wait;
            if looked.served_by != ServedBy::Tape {
                tokio::time::sleep(wait).await;
            }
            wait = (wait * 3 / 2).min(LONGEST_WAIT);
        }
    }

    /// A later page of a query that is over.
    pub(super) async fn later_page(&mut self, number: u64) -> Result<FinishedPage, DbtError> {
        let looked = self.look(number).await?;
        self.finished(number, looked).await
    }

    /// A page of a result that is there. Where it has no rows as JSON, they are asked for as Arrow from there on.
    async fn finished(&mut self, number: u64, looked: LookedAt) -> Result<FinishedPage, DbtError> {
        let looked = if READS_ARROW && self.form == ResultForm::Json && looked.state.json_result.is_none() {
            self.form = ResultForm::Arrow;
            self.look_in_form(number).await?
        } else {
            looked
        };
        let LookedAt {
            state,
            bytes,
            served_by,
        } = looked;
        let unreadable =
            |message: String| error::local(table::QUERY_RESULT.words, DbtFailure::Unreadable, message);
        let read = match (&state.json_result, &state.arrow_result) {
            (Some(json), _) => ResultPage::read(json),
            #[cfg(feature = "arrow")]
            (None, Some(arrow)) => page_of_arrow(arrow.clone()).await,
            _ => return Err(unreadable(NO_ROWS.to_owned())),
        };
        let page = read
            .map_err(|problem| unreadable(format!("the rows cannot be read: {}", error::clean(&problem))))?;
        Ok(FinishedPage {
            page,
            pages: state.total_pages.unwrap_or(1).max(1),
            bytes,
            served_by,
        })
    }

    async fn look(&mut self, page: u64) -> Result<LookedAt, DbtError> {
        let looked = self.look_in_form(page).await;
        match looked {
            // A server that does not know the field says its name.
            Err(error)
                if READS_ARROW && self.form == ResultForm::Json && error.message.contains("jsonResult") =>
            {
                self.form = ResultForm::Arrow;
                self.look_in_form(page).await
            }
            looked => looked,
        }
    }

    async fn look_in_form(&self, page: u64) -> Result<LookedAt, DbtError> {
        let operation = match self.form {
            ResultForm::Json => &table::QUERY_RESULT,
            ResultForm::Arrow => &table::QUERY_RESULT_ARROW,
        };
        let variables = json!({
            "environmentId": self.client.environment(),
            "queryId": self.id,
            "pageNum": page,
        });
        let answer = self.client.ask::<QueryLook>(operation, variables, false).await?;
        Ok(LookedAt {
            state: answer.data.and_then(|look| look.query).unwrap_or_default(),
            bytes: answer.bytes,
            served_by: answer.served_by,
        })
    }

    fn too_slow(&self, status: &str) -> DbtError {
        let seconds = self.client.timeout().as_secs();
        let message = if status == "COMPILED" || status == "RUNNING" {
            format!(
                "dbt has the query, and the warehouse did not come to an end with it within {seconds} s; it was cancelled: ask for less, such \
                 as a shorter period or fewer groups"
            )
        } else {
            format!(
                "the query was still {} after {seconds} s and was cancelled: ask again later, or raise dbt.timeout_seconds",
                error::clean(&status.to_lowercase())
            )
        };
        error::local(table::CREATE_QUERY.words, DbtFailure::Timeout, message)
    }
}

/// On a thread of its own: over some damaged bytes the reader panics instead of saying so.
#[cfg(feature = "arrow")]
async fn page_of_arrow(page: String) -> Result<ResultPage, String> {
    let read = off_the_runtime(move || super::arrow::read(&page)).await;
    read.unwrap_or_else(|_| Err("they are damaged".to_owned()))
}

impl Drop for RunningQuery {
    /// Tells dbt that nobody waits any more. It goes beside the turn that asked: nothing of it is on a tape, and nobody waits
    /// for it.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let client = self.client.beside();
        let variables = json!({ "environmentId": client.environment(), "queryId": self.id });
        runtime.spawn(async move {
            let cancelled = client.ask::<serde_json::Value>(&table::CANCEL_QUERY, variables, false);
            // Whether it came in time changes nothing here: dbt ends queries by itself, later.
            let _ = tokio::time::timeout(CANCELLING, cancelled).await;
        });
    }
}

/// Why a query failed, by what dbt says of it.
fn failed(said: &str) -> DbtError {
    let (class, advice) = if said.contains("[WAREHOUSE_AUTHENTICATION_FAILED]") {
        (
            DbtFailure::Unavailable,
            " (dbt cannot sign in to the warehouse: its credentials for the Semantic Layer have to be renewed)",
        )
    } else if said.contains("[WAREHOUSE_PERMISSION_DENIED]") {
        (
            DbtFailure::Forbidden,
            " (dbt's user in the warehouse may not read the tables of this metric)",
        )
    } else {
        (DbtFailure::Invalid, "")
    };
    let message = format!("dbt said: {}{advice}", error::clean(said));
    error::local(table::CREATE_QUERY.words, class, message)
}
