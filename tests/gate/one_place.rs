//! What a tool is stands in its own file. Code that compares the names of tools would fall silent when one is added.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::fixture::toolbox;

/// Code that may write the name of a tool: the tools themselves, the offline planner, which writes calls as a model
/// does, and the one line of a shown result that says how to read on.
const MAY: [&str; 4] = [
    "src/tools/",
    "src/model/offline/",
    "src/planner/",
    "src/result/frame.rs",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[tokio::test]
async fn nobody_else_names_a_tool() {
    let specs = toolbox().await.specs();
    let names: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(names.len(), specs.len(), "two tools share a name");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if MAY.iter().any(|may| path.starts_with(may)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for name in &names {
            assert!(
                !text.contains(&format!("\"{name}\"")),
                "{path} names the tool {name}: ask for its role instead"
            );
        }
    }
}
