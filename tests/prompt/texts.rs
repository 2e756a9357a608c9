//! Every file in `prompts/` is hashed, so that none of them can change behind a recording's back.

use std::fs;
use std::path::Path;

use cardinal::prompt::{DBT_TEXTS, DBT_WORDS, PROGRAM_WORDS, PROMPT_TEXTS, text_hashes, words_hash};

/// What no model reads: the keyword planner answers without one.
const NOT_READ: &str = "planner";

fn files() -> Vec<(String, String)> {
    let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
    let mut files = Vec::new();
    for folder in fs::read_dir(prompts).unwrap() {
        let folder = folder.unwrap();
        let kind = folder.file_name().into_string().unwrap();
        if kind == NOT_READ {
            continue;
        }
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            files.push((format!("{kind}/{name}"), fs::read_to_string(file.path()).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn every_text_that_a_model_reads_is_in_a_hash() {
    // Those about dbt count only where its tools are offered, so they stand apart.
    let mut all = [PROMPT_TEXTS, DBT_TEXTS].concat();
    all.sort_unstable();
    let listed = all
        .iter()
        .map(|(path, text)| (String::from(*path), String::from(*text)));
    let (listed, files) = (listed.collect::<Vec<_>>(), files());
    for (path, _) in &files {
        assert!(
            all.iter().any(|(listed, _)| listed == path),
            "prompts/{path} is in no hash: add it to PROMPT_TEXTS or DBT_TEXTS in src/prompt/texts.rs"
        );
    }
    assert_eq!(listed, files, "PROMPT_TEXTS and DBT_TEXTS have to list the files");
}

/// What stands in the source of refusals, hints and headings is in the hash of the program's words, as it is written there.
#[test]
fn words_of_the_program_are_gathered_where_they_are_said() {
    let said = |words: &[(&str, &[&str])], folder: &str, word: &str| {
        let (_, words) = words.iter().find(|(name, _)| *name == folder).unwrap();
        words.iter().any(|said| said.contains(word))
    };
    for (folder, word) in [
        ("tools", "field_values lists them"),
        ("result", "end of table"),
        ("references", "more in result"),
        ("agent", "Until then these results were found"),
        ("metabase", "HTTP {} without a reason"),
        ("model", "schemas cannot be sent"),
        ("conversation", "left out later to save room"),
        ("wire", "broke before the response was complete"),
    ] {
        assert!(said(PROGRAM_WORDS, folder, word), "{folder}: {word}");
    }
    assert!(said(DBT_WORDS, "dbt", "dbt"), "{DBT_WORDS:?}");
    let all: usize = PROGRAM_WORDS.iter().map(|(_, words)| words.len()).sum();
    assert!(all > 500, "{all}");
    // Neither tests nor notes for people who read the source.
    for word in ["/// ", "#[test]", "assert"] {
        let anywhere = PROGRAM_WORDS
            .iter()
            .any(|(folder, _)| said(PROGRAM_WORDS, folder, word));
        assert!(!anywhere, "{word}");
    }
    let now = words_hash(PROGRAM_WORDS, &[]);
    assert_ne!(now, words_hash(&[PROGRAM_WORDS, DBT_WORDS].concat(), &[]));
    assert_ne!(now, words_hash(PROGRAM_WORDS, DBT_TEXTS));
}

#[test]
fn a_text_that_moves_or_changes_changes_the_hash_of_its_folder_alone() {
    let texts = [("a/x.md", "one"), ("a/y.md", "two"), ("b/x.md", "three")];
    let before = text_hashes(texts);
    for changed in [
        [("a/x.md", "one."), ("a/y.md", "two"), ("b/x.md", "three")],
        [("a/x.md", "two"), ("a/y.md", "one"), ("b/x.md", "three")],
        [("a/x.mdo", "ne"), ("a/y.md", "two"), ("b/x.md", "three")],
        [("a/z.md", "one"), ("a/y.md", "two"), ("b/x.md", "three")],
    ] {
        let after = text_hashes(changed);
        assert_ne!(before["a"], after["a"], "{changed:?}");
        assert_eq!(before["b"], after["b"], "{changed:?}");
    }
}
