//! The table of tools.

use super::ask_user::AskUserTool;
use super::calculate::CalculateTool;
use super::cannot_answer::CannotAnswerTool;
use super::dbt::{DataHealthTool, DbtLookupTool, DbtRunJobTool};
use super::derive::DeriveTool;
use super::describe::DescribeTool;
use super::field_values::FieldValuesTool;
use super::more_rows::MoreRowsTool;
use super::query_metric::QueryMetricTool;
use super::query_table::QueryTableTool;
use super::run_card::RunCardTool;
use super::search_catalog::SearchCatalogTool;
use super::tool::AnyTool;

/// Every tool there is, in the order in which a model reads of them. The order is part of a prompt's cached prefix.
pub(super) static TOOLS: [&dyn AnyTool; 14] = [
    &RunCardTool,
    &QueryMetricTool,
    &QueryTableTool,
    &SearchCatalogTool,
    &DescribeTool,
    &FieldValuesTool,
    &DataHealthTool,
    &DbtLookupTool,
    &DbtRunJobTool,
    &MoreRowsTool,
    &DeriveTool,
    &CalculateTool,
    &AskUserTool,
    &CannotAnswerTool,
];
