//! What a person sees of figures that were worked out.

use serde_json::json;

use super::kit::{Program, Run};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// Asks a model that compares two years and says how far they are apart.
async fn asked(arguments: &'static [&'static str]) -> Run {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        let cell = |year: u32| json!({"result": "r1", "column": "revenue", "where": [{"column": "created_at", "equals": year}]});
        match step {
            1 => Reply::tool_calls([(
                "query_metric",
                json!({ "metric_id": 1, "group_by": [{ "dimension": "created_at", "granularity": "year" }],
                        "filters": [{ "dimension": "created_at", "operation": "year-equals", "values": [2024, 2025] }] }),
            )]),
            2 => Reply::tool_calls([(
                "calculate",
                json!({"calculations": [{"name": "growth", "operation": "percent_change", "of": [cell(2024), cell(2025)]}]}),
            )]),
            _ => Reply::text("Revenue grew by 26.02 % from 2024 to 2025."),
        }
    });
    let model = model.await;
    let program = Program::new()
        .with("CARDINAL_MODEL", "openai:scripted")
        .with("OPENAI_BASE_URL", model.base_url().as_str())
        .with("OPENAI_API_KEY", "sk-test-secret");
    let ran = tokio::task::spawn_blocking(move || program.run(arguments));
    ran.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_has_the_query_and_with_v_the_formula() {
    let run = asked(&["ask", "By how much did revenue grow in 2025?", "-v"]).await;
    assert_eq!(run.code, Some(0), "{run:#?}");
    let mut lines = run.stdout.lines().skip_while(|line| !line.starts_with("[1] "));
    assert_eq!(
        lines.next(),
        Some(
            "[1] change in percent, calculated from metric \"Revenue\", created at in 2024 or 2025, by year"
        )
    );
    let formula =
        "change from 354080.09 (r1 row 1 2024-01-01, revenue) to 446213.55 (r1 row 2 2025-01-01, revenue)";
    let next = lines.next().unwrap_or_default();
    assert!(
        next.starts_with("    26.02 %") && next.ends_with(formula),
        "{run:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_that_of_the_query() {
    let run = asked(&["ask", "By how much did revenue grow in 2025?", "--table"]).await;
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(
        run.stdout,
        "created_at\trevenue\n2024-01-01\t354080.09\n2025-01-01\t446213.55\n"
    );
    assert!(run.stderr.contains("26.02 %"), "{run:#?}");
}
