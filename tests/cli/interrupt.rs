#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command};

use super::kit::Sandbox;

pub(super) fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn the_first_ctrl_c_ends_the_turn_with_what_is_known() {
    // Only queries are slow: the catalog loads, with a query that asks whether the route is there, then the turn waits.
    let sandbox = Sandbox::serve(&[
        "--faults",
        "POST /api/agent/v1/query=latency:60s,skip=1; POST /api/card/*/query=latency:60s",
    ]);
    let program = sandbox.client();
    let mut child = program
        .command(&["ask", "How did revenue develop by month in 2025?", "--json"])
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains('…') {
        line.clear();
        assert!(
            stderr.read_line(&mut line).unwrap() > 0,
            "it ended before a tool was called"
        );
    }
    interrupt(&child);
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let answer: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(answer["outcome"], "cancelled");
    assert_eq!(answer["stop_reason"], "cancelled");
}
