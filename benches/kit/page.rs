//! The page of the book that benches write their figures into.

use std::fs;
use std::path::PathBuf;

/// A file of the book.
pub(crate) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// Replaces what stands between the marks `<!-- NAME: … -->` and `<!-- end of NAME -->` of docs/costs.md.
pub(crate) fn replace(name: &str, text: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let path = file("costs.md");
    let page = fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- {name}: "), format!("<!-- end of {name} -->"));
    let missing = || format!("{} has no part {name}", path.display());
    let (before, rest) = page.split_once(&begin).ok_or_else(missing)?;
    let (mark, rest) = rest.split_once("-->\n").ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    fs::write(&path, format!("{before}{begin}{mark}-->\n{text}{end}{after}"))?;
    Ok(())
}
