//! Writing and checking a semantic model for one's own data.

use std::fs;

use super::kit::Program;

fn with_data() -> Program {
    let program = Program::new();
    let shop = program.folder().join("shop");
    fs::create_dir(&shop).unwrap();
    fs::write(shop.join("orders.csv"), "id,amount,amount\n1,5,6\n2,7,8\n").unwrap();
    program
}

#[test]
fn a_first_model_is_written_and_runs() {
    let program = with_data();
    let run = program.run(&["sandbox", "init", "--csv", "shop"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert!(
        run.stderr.contains("amount_2") && run.stderr.contains("sandbox-model.yaml"),
        "{run:?}"
    );
    let path = program.folder().join("sandbox-model.yaml");
    assert!(fs::read_to_string(&path).unwrap().contains("Number of orders"));

    let again = program.run(&["sandbox", "init", "--csv", "shop"]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("--out") && again.stderr.contains("--force"),
        "{again:?}"
    );
    assert_eq!(
        program.run(&["sandbox", "init", "--csv", "shop", "--force"]).code,
        Some(0)
    );

    let check = program.run(&[
        "sandbox",
        "check",
        "--csv",
        "shop",
        "--model",
        "sandbox-model.yaml",
    ]);
    assert_eq!((check.code, check.stdout.as_str()), (Some(0), ""), "{check:?}");
    assert!(check.stderr.contains("1 cards run, 0 of them fail"), "{check:?}");
}

#[test]
fn a_check_names_faults_where_they_were_written() {
    let program = with_data();
    let refused = "version: 1\ncards:\n  - name: Bad\n    sql: SELECT nothing FROM orders\n";
    let failing = "version: 1\ncards:\n  - name: Bad\n    sql: SELECT abs(-9223372036854775807 - 1)\n";
    for (model, code, wanted) in [
        (refused, 1, "model.yaml:3: question \"Bad\""),
        (failing, 1, "model.yaml:3: question \"Bad\""),
    ] {
        fs::write(program.folder().join("model.yaml"), model).unwrap();
        let run = program.run(&["sandbox", "check", "--csv", "shop", "--model", "model.yaml"]);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(
            format!("{}{}", run.stdout, run.stderr).contains(wanted),
            "{run:?}"
        );
    }
    let run = program.run(&[
        "sandbox",
        "check",
        "--csv",
        "shop",
        "--model",
        "model.yaml",
        "--json",
    ]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["faults"][0]["line"], 3, "{report}");
}

#[test]
fn the_schema_is_printed() {
    let run = Program::new().run(&["sandbox", "init", "--schema"]);
    assert_eq!(run.stdout, cardinal::sandbox::model_schema());
}

#[test]
fn data_has_to_be_named() {
    let program = Program::new();
    for arguments in [
        &["sandbox", "init"][..],
        &["sandbox", "check", "--model", "x.yaml"],
    ] {
        let run = program.run(arguments);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("--csv"), "{run:?}");
    }
}
