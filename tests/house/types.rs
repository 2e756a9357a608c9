//! One name means one type, over the whole workspace.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::root;

/// Names of types that several places may declare, each for a reason.
const SHARED: [&str; 0] = [];

#[test]
fn no_two_types_share_a_name() {
    let declaration = regex::Regex::new(r"(?m)^ *(?:pub(?:\([^)]*\))? +)?(?:struct|enum|trait|union) +(\w+)|^(?:pub(?:\([^)]*\))? +)?type +(\w+)")
        .expect("the pattern is valid");
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folders = vec![root().join("src"), root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder can be read") {
            let path = entry.expect("an entry of a source folder").path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && name != "tests" && name != "benches" {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is text");
                for found in declaration.captures_iter(&text) {
                    let name = found.get(1).or(found.get(2)).map(|name| name.as_str().to_owned());
                    let place = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
                    places.entry(name.unwrap_or_default()).or_default().push(place);
                }
            }
        }
    }
    let mut twice = String::new();
    for (name, places) in places {
        if places.len() > 1 && !SHARED.contains(&name.as_str()) {
            let _ = writeln!(twice, "  {name}: {}", places.join(", "));
        }
    }
    assert!(
        twice.is_empty(),
        "these names are declared more than once:\n{twice}"
    );
}
