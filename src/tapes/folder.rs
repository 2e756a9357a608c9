use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::needs;

/// How every tape of ours begins.
const MARK: &[u8] = br#"{"cardinal_tape":"#;

/// How many tapes a folder keeps, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Most tapes; the oldest go first.
    pub max_files: usize,
    /// Longest time since one was written.
    pub max_age: Duration,
}

/// A folder with one tape for each turn.
#[derive(Debug, Clone)]
pub struct TapeFolder {
    dir: PathBuf,
    retention: Option<Retention>,
}

impl TapeFolder {
    /// The folder. Without a retention nothing in it is ever removed.
    pub fn new(dir: impl Into<PathBuf>, retention: Option<Retention>) -> Self {
        Self {
            dir: dir.into(),
            retention,
        }
    }

    /// A file for the tape of a turn that begins now.
    pub(crate) fn new_path(&self, now: Timestamp, conversation: &str, turn: u32) -> PathBuf {
        let stamp = now.strftime("%Y%m%dT%H%M%S");
        let millis = now.as_millisecond().rem_euclid(1000);
        let plain: String = conversation
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(40)
            .collect();
        let name = format!("{stamp}-{millis:03}-{}-{plain}-{turn}.jsonl", std::process::id());
        self.dir.join(name)
    }

    /// Removes the tapes that are too old or too many, but none that a tape which stays names as the turn before it, and
    /// then the prompts and catalogs that no tape needs any more. Other files are left alone. What cannot be looked at or
    /// removed stays; returns how many tapes went.
    pub fn prune(&self, now: SystemTime) -> usize {
        let Some(retention) = self.retention else { return 0 };
        let mut tapes = self.tapes();
        tapes.sort();
        let surplus = tapes.len().saturating_sub(retention.max_files);
        let old = |written: &SystemTime| {
            now.duration_since(*written)
                .is_ok_and(|age| age > retention.max_age)
        };
        let (going, staying): (Vec<_>, Vec<_>) = tapes
            .into_iter()
            .enumerate()
            .partition(|(index, (written, _))| *index < surplus || old(written));
        if going.is_empty() {
            return 0;
        }
        let staying: Vec<PathBuf> = staying.into_iter().map(|(_, (_, path))| path).collect();
        let needed = needs::turns_before(&staying);
        let going = going.into_iter().map(|(_, (_, path))| path);
        let gone = going
            .filter(|path| !needed.contains(path))
            .filter(|path| fs::remove_file(path).is_ok())
            .count();
        if gone > 0 {
            let left: Vec<PathBuf> = self.tapes().into_iter().map(|(_, path)| path).collect();
            needs::clear(&self.dir, &left, now);
        }
        gone
    }

    fn tapes(&self) -> Vec<(SystemTime, PathBuf)> {
        let Ok(files) = fs::read_dir(&self.dir) else {
            return Vec::new();
        };
        files
            .flatten()
            .filter(|file| file.path().extension().is_some_and(|kind| kind == "jsonl"))
            .filter(|file| is_tape(&file.path()))
            .filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file.path())))
            .collect()
    }
}

fn is_tape(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; MARK.len()];
    fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok_and(|()| start == MARK)
}
