//! Lines of a tape that mean the same and are not the bytes that were written, and lines that hold what no tape may.

use std::path::Path;

use cardinal::wire::{TapeError, TapeFile};
use serde_json::{Map, Value, json};

use super::kit::{Taped, openai};

fn lines(taped: &Taped) -> Vec<String> {
    let text = std::fs::read_to_string(taped.path()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn read(path: &Path, lines: &[String]) -> Result<TapeFile, TapeError> {
    std::fs::write(path, format!("{}\n", lines.join("\n"))).unwrap();
    TapeFile::read(path)
}

#[tokio::test]
async fn every_line_is_what_was_written_to_the_byte() {
    let taped = openai().await;
    let whole = lines(&taped);
    for number in 0..whole.len() {
        let line = &whole[number];
        let fields: Map<String, Value> = serde_json::from_str(line).unwrap();
        let mut turned: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name:?}:{value}"))
            .collect();
        turned.reverse();
        let forms = [
            format!("{{{}}}", turned.join(",")),
            line.replacen(':', ": ", 1),
            line.replacen('{', "{\"end\":1,", 1),
            line.replacen("\"sum\"", "\"\\u0073um\"", 1),
            format!(" {line}"),
        ];
        for form in forms {
            let mut changed = whole.clone();
            changed[number] = form;
            let read = read(&taped.path(), &changed);
            assert!(
                matches!(read, Err(TapeError::Altered { line, .. }) if line == number + 1),
                "{read:?}"
            );
        }
    }
}

#[tokio::test]
async fn ends_of_lines_may_be_those_of_another_system() {
    let taped = openai().await;
    let whole: Vec<String> = lines(&taped).iter().map(|line| format!("{line}\r")).collect();
    read(&taped.path(), &whole).unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told_with_its_line() {
    let taped = openai().await;
    let path = taped.path();
    let text = std::fs::read(&path).unwrap();
    let told = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        TapeFile::read(&path).unwrap_err().to_string()
    };
    let marked = told(&[b"\xef\xbb\xbf".as_slice(), &text].concat());
    assert!(
        marked.contains("line 1") && marked.contains("byte order mark"),
        "{marked}"
    );
    let last = lines(&taped).len();
    let cut = told(&text[..text.len() - 1]);
    assert!(cut.ends_with(&format!("in the middle of line {last}")), "{cut}");
    let second = text.iter().position(|byte| *byte == b'\n').unwrap() + 10;
    let mut binary = text.clone();
    binary[second] = 0xff;
    let binary = told(&binary);
    assert!(binary.ends_with("its line 2 is not UTF-8"), "{binary}");
    let empty = told(b"");
    assert!(empty.contains("line 1"), "{empty}");
    let newer = told(
        &String::from_utf8(text)
            .unwrap()
            .replacen("\"cardinal_tape\":1", "\"cardinal_tape\":2", 1)
            .into_bytes(),
    );
    assert!(newer.contains("format version 2"), "{newer}");
}

/// A line with a checksum that fits it.
fn summed(mut line: Value) -> String {
    line.as_object_mut().unwrap().remove("sum");
    let sum: String = blake3::hash(line.to_string().as_bytes())
        .to_hex()
        .chars()
        .take(16)
        .collect();
    line["sum"] = sum.into();
    line.to_string()
}

#[tokio::test]
async fn a_value_under_the_name_of_a_secret_is_not_read() {
    let taped = openai().await;
    let whole = lines(&taped);
    let places = [
        (0, "/header/setup/model", "api_key"),
        (0, "/header/setup", "X-Metabase-Session"),
    ];
    for (number, place, name) in places {
        let mut line: Value = serde_json::from_str(&whole[number]).unwrap();
        line.pointer_mut(place).unwrap()[name] = json!("hunter2");
        let mut changed = whole.clone();
        changed[number] = summed(line);
        let read = read(&taped.path(), &changed);
        assert!(
            matches!(read, Err(TapeError::Secret { line, .. }) if line == number + 1),
            "{read:?}"
        );
    }
    let number = whole.iter().position(|line| line.contains("data_query")).unwrap();
    let mut line: Value = serde_json::from_str(&whole[number]).unwrap();
    line["response"]["body"] = json!({ "text": "{\"rows\":[{\"password\":\"hunter2\"}]}" });
    line["response"]["body"].as_object_mut().unwrap().remove("cuts");
    let mut changed = whole.clone();
    changed[number] = summed(line);
    let read = read(&taped.path(), &changed);
    assert!(matches!(read, Err(TapeError::Secret { .. })), "{read:?}");
}
