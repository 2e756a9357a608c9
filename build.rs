//! Gathers the words that the program itself may say to a model: the texts in the source of refusals, hints and headings.
//! A tape's header holds a hash of them, so that a changed word makes a recording stale whether its turn met it or not.
//!
//! The list is made from the source, because a list that people keep is sooner or later not whole. What is written is a file
//! of Rust that `src/prompt/words.rs` includes.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Files and folders of `src` whose texts a model can be sent. Tables for people and settings stand elsewhere.
const SPOKEN: [&str; 18] = [
    "agent/call_ends.rs",
    "agent/calls.rs",
    "agent/fallback.rs",
    "agent/finish.rs",
    "agent/outcome.rs",
    "agent/trace.rs",
    "conversation",
    "metabase/answer.rs",
    "metabase/card.rs",
    "metabase/failure.rs",
    "metabase/values.rs",
    "model/json_action",
    "model/question.rs",
    "references",
    "result",
    "text",
    "tools",
    "wire/error.rs",
];
/// The same of dbt, which only counts where its tools are offered.
const OF_DBT: [&str; 5] = [
    "dbt/entry_health.rs",
    "dbt/error.rs",
    "dbt/health.rs",
    "dbt/semantic",
    "tools/dbt",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let source = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("src");
    let mut files = BTreeSet::new();
    for place in SPOKEN.iter().chain(&OF_DBT) {
        println!("cargo::rerun-if-changed=src/{place}");
        rust_files(&source.join(place), &mut files)?;
    }
    let of_dbt: Vec<PathBuf> = OF_DBT.iter().map(|place| source.join(place)).collect();
    let (mut plain, mut dbt) = (BTreeMap::new(), BTreeMap::new());
    for file in files {
        let tokens: TokenStream = fs::read_to_string(&file)?
            .parse()
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let is_of_dbt = of_dbt.iter().any(|place| file.starts_with(place));
        let folder = file.strip_prefix(&source)?.components().next();
        let folder = folder.map(|folder| folder.as_os_str().to_string_lossy().into_owned());
        let texts: &mut BTreeSet<String> = if is_of_dbt { &mut dbt } else { &mut plain }
            .entry(folder.unwrap_or_default())
            .or_default();
        gather(tokens, texts);
    }
    let mut code = String::new();
    for (name, words) in [("PLAIN", &plain), ("DBT", &dbt)] {
        writeln!(code, "const {name}: &[(&str, &[&str])] = &[")?;
        for (folder, texts) in words {
            writeln!(code, "({folder:?}, &{:?}),", texts.iter().collect::<Vec<_>>())?;
        }
        writeln!(code, "];")?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("words.rs"), code)?;
    Ok(())
}

fn rust_files(place: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Box<dyn Error>> {
    if place.is_dir() {
        for entry in fs::read_dir(place)? {
            rust_files(&entry?.path(), files)?;
        }
    } else if place.extension().is_some_and(|extension| extension == "rs") {
        fs::read(place).map_err(|error| format!("{}: {error}", place.display()))?;
        files.insert(place.to_owned());
    }
    Ok(())
}

/// The texts of a piece of source. Attributes say nothing to a model, but for the words of errors; tests do not either.
fn gather(tokens: TokenStream, texts: &mut BTreeSet<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Literal(literal) => texts.extend(text(&literal.to_string())),
            TokenTree::Group(group) => gather(group.stream(), texts),
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                tokens.next_if(|next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '!'));
                let Some(TokenTree::Group(attribute)) = tokens.next() else {
                    continue;
                };
                let written = attribute.stream().to_string();
                if written.starts_with("error") {
                    gather(attribute.stream(), texts);
                } else if written.starts_with("cfg") && written.contains("test") {
                    // To the end of the item that it stands before.
                    let ends = |token: &TokenTree| match token {
                        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == ';',
                        _ => false,
                    };
                    tokens.by_ref().find(ends);
                }
            }
            TokenTree::Punct(_) | TokenTree::Ident(_) => {}
        }
    }
}

/// What stands in a literal, if it is a text. A line that goes on in the next one is one line, however it is broken.
fn text(literal: &str) -> Option<String> {
    let is_raw = literal.starts_with('r');
    let inside = literal.trim_start_matches(['r', '#']).trim_end_matches('#');
    let inside = inside.strip_prefix('"')?.strip_suffix('"')?;
    if is_raw {
        return Some(inside.to_owned());
    }
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\\' && rest.peek() == Some(&'\n') {
            while rest.next_if(|c| c.is_whitespace()).is_some() {}
            continue;
        }
        text.push(c);
        // The one behind is escaped, whatever it is.
        if c == '\\' {
            text.extend(rest.next());
        }
    }
    Some(text)
}
