//! Every text that a model can be sent, wherever in the program it is used, and a hash over them.
//!
//! A tape's header and a recorded case hold it, so that a recording is stale when a note changed that its turn never met: the model
//! that answered might have met it today. Start with [`text_hashes`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::ToolSpec;

/// The files of `prompts/` that a language model can be sent, by their path in that folder, sorted. What the keyword
/// planner says is not among them: no model reads it.
pub const PROMPT_TEXTS: &[(&str, &str)] = &[
    (
        "guard/asked_again.md",
        include_str!("../../prompts/guard/asked_again.md"),
    ),
    ("guard/closed.md", include_str!("../../prompts/guard/closed.md")),
    (
        "guard/closed_for_failures.md",
        include_str!("../../prompts/guard/closed_for_failures.md"),
    ),
    (
        "guard/closed_for_pages.md",
        include_str!("../../prompts/guard/closed_for_pages.md"),
    ),
    (
        "guard/closed_for_repeat.md",
        include_str!("../../prompts/guard/closed_for_repeat.md"),
    ),
    ("guard/cut.md", include_str!("../../prompts/guard/cut.md")),
    ("guard/dropped.md", include_str!("../../prompts/guard/dropped.md")),
    (
        "guard/empty_answer.md",
        include_str!("../../prompts/guard/empty_answer.md"),
    ),
    (
        "guard/empty_rows.md",
        include_str!("../../prompts/guard/empty_rows.md"),
    ),
    ("guard/errors.md", include_str!("../../prompts/guard/errors.md")),
    ("guard/last.md", include_str!("../../prompts/guard/last.md")),
    (
        "guard/no_query.md",
        include_str!("../../prompts/guard/no_query.md"),
    ),
    ("guard/not_run.md", include_str!("../../prompts/guard/not_run.md")),
    (
        "guard/over_budget.md",
        include_str!("../../prompts/guard/over_budget.md"),
    ),
    ("guard/pages.md", include_str!("../../prompts/guard/pages.md")),
    (
        "guard/person_asked.md",
        include_str!("../../prompts/guard/person_asked.md"),
    ),
    (
        "guard/person_told.md",
        include_str!("../../prompts/guard/person_told.md"),
    ),
    ("guard/repeat.md", include_str!("../../prompts/guard/repeat.md")),
    (
        "guard/repeat_known.md",
        include_str!("../../prompts/guard/repeat_known.md"),
    ),
    ("guard/stale.md", include_str!("../../prompts/guard/stale.md")),
    (
        "guard/timed_out.md",
        include_str!("../../prompts/guard/timed_out.md"),
    ),
    (
        "guard/unclosed.md",
        include_str!("../../prompts/guard/unclosed.md"),
    ),
    (
        "guard/unreadable.md",
        include_str!("../../prompts/guard/unreadable.md"),
    ),
    ("judge/system.md", include_str!("../../prompts/judge/system.md")),
    (
        "model/check_question.md",
        include_str!("../../prompts/model/check_question.md"),
    ),
    (
        "model/check_system.md",
        include_str!("../../prompts/model/check_system.md"),
    ),
    (
        "model/json_action.md",
        include_str!("../../prompts/model/json_action.md"),
    ),
    (
        "model/json_action_problem.md",
        include_str!("../../prompts/model/json_action_problem.md"),
    ),
    (
        "model/json_action_result.md",
        include_str!("../../prompts/model/json_action_result.md"),
    ),
    (
        "model/json_action_tool.md",
        include_str!("../../prompts/model/json_action_tool.md"),
    ),
    ("model/probe.md", include_str!("../../prompts/model/probe.md")),
    (
        "model/probe_question.md",
        include_str!("../../prompts/model/probe_question.md"),
    ),
    (
        "model/probe_tool.md",
        include_str!("../../prompts/model/probe_tool.md"),
    ),
    (
        "model/question.md",
        include_str!("../../prompts/model/question.md"),
    ),
    (
        "model/question_with_asker.md",
        include_str!("../../prompts/model/question_with_asker.md"),
    ),
    (
        "model/trial_refusal.md",
        include_str!("../../prompts/model/trial_refusal.md"),
    ),
    (
        "repair/as_computed.md",
        include_str!("../../prompts/repair/as_computed.md"),
    ),
    (
        "repair/as_reference.md",
        include_str!("../../prompts/repair/as_reference.md"),
    ),
    (
        "repair/elsewhere.md",
        include_str!("../../prompts/repair/elsewhere.md"),
    ),
    (
        "repair/elsewhere_named.md",
        include_str!("../../prompts/repair/elsewhere_named.md"),
    ),
    (
        "repair/incomplete_total.md",
        include_str!("../../prompts/repair/incomplete_total.md"),
    ),
    (
        "repair/mismatch.md",
        include_str!("../../prompts/repair/mismatch.md"),
    ),
    (
        "repair/no_source.md",
        include_str!("../../prompts/repair/no_source.md"),
    ),
    (
        "repair/not_checked.md",
        include_str!("../../prompts/repair/not_checked.md"),
    ),
    (
        "repair/not_extreme.md",
        include_str!("../../prompts/repair/not_extreme.md"),
    ),
    (
        "repair/other_row.md",
        include_str!("../../prompts/repair/other_row.md"),
    ),
    (
        "repair/other_row_named.md",
        include_str!("../../prompts/repair/other_row_named.md"),
    ),
    ("repair/stale.md", include_str!("../../prompts/repair/stale.md")),
    (
        "repair/unmatched.md",
        include_str!("../../prompts/repair/unmatched.md"),
    ),
    (
        "repair/unresolved.md",
        include_str!("../../prompts/repair/unresolved.md"),
    ),
    (
        "system/catalog.tera",
        include_str!("../../prompts/system/catalog.tera"),
    ),
    ("system/core.tera", include_str!("../../prompts/system/core.tera")),
    (
        "system/entry.tera",
        include_str!("../../prompts/system/entry.tera"),
    ),
    (
        "tools/ask_user.md",
        include_str!("../../prompts/tools/ask_user.md"),
    ),
    (
        "tools/calculate.md",
        include_str!("../../prompts/tools/calculate.md"),
    ),
    (
        "tools/cannot_answer.md",
        include_str!("../../prompts/tools/cannot_answer.md"),
    ),
    ("tools/derive.md", include_str!("../../prompts/tools/derive.md")),
    (
        "tools/describe.md",
        include_str!("../../prompts/tools/describe.md"),
    ),
    (
        "tools/failed.tera",
        include_str!("../../prompts/tools/failed.tera"),
    ),
    (
        "tools/field_values.md",
        include_str!("../../prompts/tools/field_values.md"),
    ),
    (
        "tools/more_rows.md",
        include_str!("../../prompts/tools/more_rows.md"),
    ),
    (
        "tools/more_rows_failed.md",
        include_str!("../../prompts/tools/more_rows_failed.md"),
    ),
    (
        "tools/narrow_card.tera",
        include_str!("../../prompts/tools/narrow_card.tera"),
    ),
    (
        "tools/narrow_cut.md",
        include_str!("../../prompts/tools/narrow_cut.md"),
    ),
    (
        "tools/narrow_held.md",
        include_str!("../../prompts/tools/narrow_held.md"),
    ),
    (
        "tools/narrow_metric.md",
        include_str!("../../prompts/tools/narrow_metric.md"),
    ),
    (
        "tools/narrow_table_groups.md",
        include_str!("../../prompts/tools/narrow_table_groups.md"),
    ),
    (
        "tools/narrow_table_rows.md",
        include_str!("../../prompts/tools/narrow_table_rows.md"),
    ),
    (
        "tools/query_metric.md",
        include_str!("../../prompts/tools/query_metric.md"),
    ),
    (
        "tools/query_table.md",
        include_str!("../../prompts/tools/query_table.md"),
    ),
    (
        "tools/run_card.md",
        include_str!("../../prompts/tools/run_card.md"),
    ),
    (
        "tools/search_catalog.md",
        include_str!("../../prompts/tools/search_catalog.md"),
    ),
    ("tools/tied.md", include_str!("../../prompts/tools/tied.md")),
];

/// The texts about dbt that a model can be sent, in order: only where a tool that asks dbt is offered.
pub const DBT_TEXTS: &[(&str, &str)] = &[
    (
        "dbt/data_health.md",
        include_str!("../../prompts/dbt/data_health.md"),
    ),
    (
        "dbt/dbt_lookup.md",
        include_str!("../../prompts/dbt/dbt_lookup.md"),
    ),
    (
        "dbt/dbt_run_job.md",
        include_str!("../../prompts/dbt/dbt_run_job.md"),
    ),
    ("dbt/failed.tera", include_str!("../../prompts/dbt/failed.tera")),
    ("dbt/narrow.md", include_str!("../../prompts/dbt/narrow.md")),
    (
        "dbt/node_columns.md",
        include_str!("../../prompts/dbt/node_columns.md"),
    ),
];

const DBT_TOOLS: [&str; 3] = ["data_health", "dbt_lookup", "dbt_run_job"];

/// One hash over all texts that a model with these tools can be sent. Without those of dbt it is the same as ever.
pub(crate) fn texts_hash_for(tools: &[ToolSpec]) -> String {
    // The texts are part of the program, and every turn asks.
    static PLAIN: LazyLock<String> = LazyLock::new(|| texts_hash(PROMPT_TEXTS.iter().copied()));
    static WITH_DBT: LazyLock<String> =
        LazyLock::new(|| texts_hash(PROMPT_TEXTS.iter().chain(DBT_TEXTS).copied()));
    if asks_dbt(tools) {
        WITH_DBT.clone()
    } else {
        PLAIN.clone()
    }
}

/// Whether one of these tools asks dbt.
pub(super) fn asks_dbt(tools: &[ToolSpec]) -> bool {
    tools.iter().any(|tool| DBT_TOOLS.contains(&tool.name.as_str()))
}

/// The hash of each folder of texts, by the folder's name: over paths and bytes, in order.
pub fn text_hashes<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, text) in texts {
        let (folder, _) = path.split_once('/').unwrap_or((path, ""));
        folders.entry(folder).or_default().push((path, text));
    }
    folders
        .into_iter()
        .map(|(folder, texts)| (folder.to_owned(), texts_hash(texts)))
        .collect()
}

/// One hash over all texts: paths and bytes, in order.
pub fn texts_hash<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, text) in texts {
        // Lengths keep apart what would otherwise read the same.
        for part in [path, text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().chars().take(20).collect()
}
