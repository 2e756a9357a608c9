//! What a check finds when somebody was at the segments of a log: moved, cut, doubled or changed anywhere.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use cardinal::call_log::{CallLog, CallLogSettings, CallOutcome, LogReport, verify};
use proptest::prelude::*;

use super::{intent, segments};

/// The segments of a log and its file `head`, as they were written.
static WRITTEN: LazyLock<(Vec<Vec<u8>>, Vec<u8>)> =
    // On a thread of its own: whoever comes first may be within a runtime.
    LazyLock::new(|| std::thread::spawn(write_one).join().unwrap());

fn write_one() -> (Vec<Vec<u8>>, Vec<u8>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let log = CallLog::open(CallLogSettings {
            segment_bytes: 1_800,
            ..CallLogSettings::new(folder.path().to_owned())
        });
        let log = log.unwrap();
        for job in 0..6 {
            let call = log.intend(intent(&job.to_string())).await.unwrap();
            call.end(&CallOutcome::default());
        }
    });
    let files = segments(folder.path())
        .iter()
        .map(|file| fs::read(file).unwrap())
        .collect();
    (files, fs::read(folder.path().join("head")).unwrap())
}

fn name(number: usize) -> String {
    format!("log-{number:06}.jsonl")
}

/// A check of these segments beside the head that was written.
fn checked(segments: &[Vec<u8>]) -> LogReport {
    let folder = tempfile::tempdir().unwrap();
    laid(folder.path(), segments);
    verify(folder.path(), &[]).unwrap()
}

fn laid(folder: &Path, segments: &[Vec<u8>]) {
    for (at, segment) in segments.iter().enumerate() {
        fs::write(folder.join(name(at + 1)), segment).unwrap();
    }
    fs::write(folder.join("head"), &WRITTEN.1).unwrap();
}

/// Where lines of a segment end.
fn ends(segment: &[u8]) -> Vec<usize> {
    let at = segment.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    at.map(|(at, _)| at + 1).collect()
}

#[test]
fn whole_segments_that_are_moved_taken_out_or_doubled_are_named() {
    let whole = &WRITTEN.0;
    let report = checked(whole);
    assert!(
        report.ok && whole.len() >= 4,
        "{report:?} of {} segments",
        whole.len()
    );
    for at in 0..whole.len() {
        for other in at + 1..whole.len() {
            let mut moved = whole.clone();
            moved.swap(at, other);
            let bad = checked(&moved).first_bad.unwrap();
            assert_eq!(
                (bad.file.as_str(), bad.line),
                (name(at + 1).as_str(), 1),
                "{at} and {other}: {bad:?}"
            );
        }
        let mut missing = whole.clone();
        missing.remove(at);
        let bad = checked(&missing).first_bad.unwrap();
        if at + 1 == whole.len() {
            assert!(bad.problem.contains("the file `head` names record"), "{bad:?}");
        } else {
            assert_eq!(bad.file, name(at + 1), "{at}: {bad:?}");
        }
        let mut doubled = whole.clone();
        doubled.insert(at, whole[at].clone());
        let bad = checked(&doubled).first_bad.unwrap();
        assert_eq!((bad.file, bad.line), (name(at + 2), 1), "{at}");
        let mut again = whole.clone();
        again.push(whole[at].clone());
        let bad = checked(&again).first_bad.unwrap();
        assert_eq!((bad.file, bad.line), (name(whole.len() + 1), 1), "{at}");
    }
    let backwards: Vec<Vec<u8>> = whole.iter().rev().cloned().collect();
    assert!(!checked(&backwards).ok);
}

#[test]
fn a_segment_that_is_cut_anywhere_is_named() {
    let whole = &WRITTEN.0;
    let folder = tempfile::tempdir().unwrap();
    laid(folder.path(), whole);
    for (at, segment) in whole.iter().enumerate() {
        let is_last = at + 1 == whole.len();
        let ends = ends(segment);
        for cut in 0..segment.len() {
            fs::write(folder.path().join(name(at + 1)), &segment[..cut]).unwrap();
            let found = verify(folder.path(), &[]).unwrap();
            assert!(!found.ok, "segment {} cut at {cut}", at + 1);
            let bad = found.first_bad.unwrap();
            let kept = ends.iter().filter(|end| **end <= cut).count();
            if is_last {
                // Nothing of what is left is wrong, but it is less than `head` names.
                assert!(bad.problem.contains("the file `head` names record"), "{bad:?}");
                let torn = cut - ends[..kept].last().copied().unwrap_or(0);
                assert_eq!(found.torn_bytes, torn as u64, "cut at {cut}");
            } else {
                assert!(
                    [name(at + 1), name(at + 2)].contains(&bad.file),
                    "cut at {cut}: {bad:?}"
                );
            }
        }
        fs::write(folder.path().join(name(at + 1)), segment).unwrap();
    }
}

#[tokio::test]
async fn a_log_whose_end_is_torn_at_any_byte_goes_on_and_says_so() {
    let whole = &WRITTEN.0;
    let last = whole.last().unwrap();
    let ends = ends(last);
    let begin = ends[ends.len() - 2];
    for cut in begin..last.len() {
        let folder = tempfile::tempdir().unwrap();
        let mut segments = whole.clone();
        segments.last_mut().unwrap().truncate(cut);
        laid(folder.path(), &segments);
        // Whoever wrote the record died before the head was put down.
        fs::remove_file(folder.path().join("head")).unwrap();
        let log = CallLog::open(CallLogSettings::new(folder.path().to_owned())).unwrap();
        log.refused(intent("9")).await.unwrap();
        drop(log);
        let found = verify(folder.path(), &[]).unwrap();
        let torn = u64::from(cut > begin);
        assert!(
            found.ok && found.repairs == torn && found.torn_bytes == 0,
            "cut at {cut}: {found:?}"
        );
    }
}

/// Something done to the bytes of a log.
#[derive(Debug, Clone)]
enum Tampering {
    Replace(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Exchange(usize, usize),
    Repeat(usize),
    Carry(usize, usize),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let at = 0_usize..1_000_000;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Tampering::Replace(at, byte)),
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Tampering::Insert(at, byte)),
        (at.clone(), 1_usize..900).prop_map(|(at, length)| Tampering::Remove(at, length)),
        (at.clone(), at.clone()).prop_map(|(one, two)| Tampering::Exchange(one, two)),
        at.clone().prop_map(Tampering::Repeat),
        (at.clone(), at).prop_map(|(from, to)| Tampering::Carry(from, to)),
    ]
}

/// The lines of all segments, each with the number of its segment.
fn lines(segments: &[Vec<u8>]) -> Vec<(usize, Vec<u8>)> {
    let of = |(at, segment): (usize, &Vec<u8>)| {
        let lines = segment.split_inclusive(|byte| *byte == b'\n');
        lines.map(|line| (at, line.to_vec())).collect::<Vec<_>>()
    };
    segments.iter().enumerate().flat_map(of).collect()
}

fn put_together(lines: &[(usize, Vec<u8>)], segments: usize) -> Vec<Vec<u8>> {
    let mut put = vec![Vec::new(); segments];
    for (at, line) in lines {
        put[*at].extend_from_slice(line);
    }
    put
}

fn tampered(whole: &[Vec<u8>], what: &Tampering) -> Vec<Vec<u8>> {
    let mut segments = whole.to_vec();
    let place = |at: usize| {
        let segment = at % whole.len();
        (segment, at / whole.len() % whole[segment].len())
    };
    let mut lines = lines(whole);
    let line = |at: usize| at % lines.len();
    match what {
        Tampering::Replace(at, byte) => {
            let (segment, at) = place(*at);
            segments[segment][at] = *byte;
        }
        Tampering::Insert(at, byte) => {
            let (segment, at) = place(*at);
            segments[segment].insert(at, *byte);
        }
        Tampering::Remove(at, length) => {
            let (segment, at) = place(*at);
            let end = (at + length).min(segments[segment].len());
            segments[segment].drain(at..end);
        }
        // Lines keep the segment of the place that they come to.
        Tampering::Exchange(one, two) => {
            let (one, two) = (line(*one), line(*two));
            let (first, second) = (lines[one].1.clone(), lines[two].1.clone());
            lines[one].1 = second;
            lines[two].1 = first;
            return put_together(&lines, whole.len());
        }
        Tampering::Repeat(at) => {
            let at = line(*at);
            lines.insert(at, lines[at].clone());
            return put_together(&lines, whole.len());
        }
        Tampering::Carry(from, to) => {
            let (from, to) = (line(*from), line(*to));
            let (_, carried) = lines.remove(from);
            let to = to.min(lines.len() - 1);
            lines.insert(to, (lines[to].0, carried));
            return put_together(&lines, whole.len());
        }
    }
    segments
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// One or several changes anywhere. The same bytes are the same log; no others are.
    #[test]
    fn no_tampering_is_unseen(changes in prop::collection::vec(tampering(), 1..4)) {
        let whole = &WRITTEN.0;
        let mut segments = whole.clone();
        for change in &changes {
            if segments.iter().any(Vec::is_empty) {
                break;
            }
            segments = tampered(&segments, change);
        }
        let found = checked(&segments);
        // Part of a record at the end is what a crash leaves: it is told in bytes and is not a fault.
        prop_assert_eq!(found.ok && found.torn_bytes == 0, segments == *whole, "{:?}", found);
    }
}
