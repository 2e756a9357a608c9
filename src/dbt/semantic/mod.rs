//! The Semantic Layer of dbt: metrics that dbt defines and computes.
//!
//! The idea: a metric of dbt is asked like one of Metabase's, by filters and groups that were checked against the catalog, and
//! its answer is a table like any other. What becomes SQL in a warehouse is written here from checked parts, and never
//! taken from a model. A query runs on its own at dbt: it is created, looked at until it is over, and read page by page; whoever
//! stops waiting cancels it there.
//!
//! ```no_run
//! # use cardinal::catalog::AllowedDbtMetric;
//! # use cardinal::dbt::{DbtAccount, DbtError, DbtMetricQuery};
//! # async fn ask(account: DbtAccount, metric: AllowedDbtMetric) -> Result<(), DbtError> {
//! let layer = account.semantic_layer()?;
//! let fetched = layer.query(&DbtMetricQuery::total(metric)).await?;
//! println!("{:?}", fetched.table.rows);
//! # Ok(())
//! # }
//! ```
//!
//! Start with `client.rs`. `filter.rs` writes conditions, `query.rs` the rest of a query, `saved.rs` those that are saved in dbt, `running.rs` follows it, `rows.rs` reads its
//! result (`arrow.rs` where it is no JSON), and `curate.rs` makes entries of a catalog.

#[cfg(feature = "arrow")]
mod arrow;
mod client;
mod curate;
mod filter;
mod forms;
mod query;
mod rows;
mod running;
mod saved;

pub use client::SemanticLayerClient;
pub use curate::DbtMetrics;
pub use filter::FilterProblem;
pub use forms::{SavedMetricQuery, SemanticDimension, SemanticEntity, SemanticMeasure, SemanticMetric};
pub use query::{DbtMetricQuery, check_dbt_query};
pub use saved::{AllowedSavedQuery, SavedQueryDenied, SavedQueryRun};
