//! The suite of questions that need both systems.

use std::path::Path;

use cardinal::eval::Suite;

#[test]
fn it_has_twenty_questions_and_asks_the_dbt_sandbox() {
    let suite = Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/dbt")).unwrap();
    assert!(suite.dataset.dbt);
    assert!(suite.cases.len() >= 20, "{}", suite.cases.len());
    // None passes for a model that only says that it cannot know.
    for case in &suite.cases {
        let expect = &case.expect;
        assert!(
            !expect.gold.is_empty() || !expect.text.must.is_empty(),
            "{}",
            case.id
        );
    }
}
