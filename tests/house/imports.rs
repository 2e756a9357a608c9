//! Reads which folder of `src` names which other one, from the text of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each folder (or single file) directly in `src`, the others it names, and one file that does.
pub(super) type Imports = BTreeMap<String, BTreeMap<String, PathBuf>>;

/// The parts that `src` consists of: its folders, and its files but for `lib.rs` and `main.rs`.
pub(super) fn parts(src: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(src).expect("src can be read");
    entries
        .map(|entry| entry.expect("an entry of src").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "lib" && name != "main")
        .collect()
}

/// Reads all files.
pub(super) fn imports(src: &Path) -> Imports {
    let parts = parts(src);
    let mut found = Imports::new();
    let mut folders = vec![src.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of src can be read") {
            let path = entry.expect("an entry of src").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let below = path.strip_prefix(src).expect("it lies in src").to_owned();
                let text = fs::read_to_string(&path).expect("a source file is text");
                let Some(part) = part_of(&below).filter(|part| parts.contains(part)) else {
                    continue;
                };
                for name in names(&text, depth(&below)) {
                    if name != part && parts.contains(&name) {
                        let others = found.entry(part.clone()).or_default();
                        others.entry(name).or_insert_with(|| below.clone());
                    }
                }
            }
        }
    }
    found
}

fn part_of(below: &Path) -> Option<String> {
    let first = below.iter().next()?.to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

/// How many `super::` lead from a file's module to the crate's root.
fn depth(below: &Path) -> usize {
    let folders = below.iter().count() - 1;
    let is_module_of_folder = below.file_name().is_some_and(|name| name == "mod.rs");
    if is_module_of_folder { folders } else { folders + 1 }
}

/// The modules at the crate's root that a text names: behind `crate::`, or behind as many `super::` as lead there.
fn names(text: &str, depth: usize) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(before, _)| before))
        .collect::<Vec<_>>()
        .join("\n");
    let upwards = "super::".repeat(depth);
    let mut found = BTreeSet::new();
    for root in ["crate::", upwards.as_str()] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            found.extend(heads(&code[at + root.len()..]));
        }
    }
    found
}

/// The first names of what follows a `::`: one name, or those of a group in braces.
fn heads(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![head(rest)];
    };
    let mut names = Vec::new();
    let (mut level, mut start) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => {
                names.push(head(group[start..at].trim_start()));
                break;
            }
            '}' => level -= 1,
            ',' if level == 0 => {
                names.push(head(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn head(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn names_are_read_from_every_way_of_writing_an_import() {
    let text = "use crate::one::Thing;\nuse crate::{two::{A, B}, three};\n// use crate::not;\nlet x = crate::four::f();\n\
                use super::super::five::G; use super::local;";
    let found = names(text, 2);
    assert_eq!(
        found.iter().map(String::as_str).collect::<Vec<_>>(),
        ["five", "four", "one", "three", "two"]
    );
}
