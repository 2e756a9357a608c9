//! How many recorded cases are replayed in a second, beside merely reading their files.

#[path = "kit/ratio.rs"]
mod ratio;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cardinal::config::{Environment, Overrides, load};
use cardinal::eval::replay::{ReplayOptions, recorded, replay_suites};
use cardinal::eval::{CaseFilter, Mode, Suite, Verdict};
use tokio_util::sync::CancellationToken;

use self::ratio::Floor;

/// Cases a second that a gate in CI may count on, with two cores.
const FLOOR: f64 = 200.0;
/// Times everything is replayed; the middle one counts.
const TIMES: usize = 11;
const JOBS: usize = 2;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let evals = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals");
    let mut suites = Vec::new();
    for entry in std::fs::read_dir(&evals)? {
        let suite = Suite::load(&entry?.path())?;
        if recorded(&suite)? {
            suites.push(suite);
        }
    }
    let flags = Overrides {
        model: Some("offline".parse()?),
        ..Overrides::default()
    };
    let settings = load(&Environment::default(), &evals, &flags)?.settings;
    let options = ReplayOptions {
        mode: Mode::Replay,
        filter: CaseFilter::new(&[])?,
        sets: Vec::new(),
        jobs: JOBS,
        limits: cardinal::wire::RequestLimits::default(),
        generation: None,
        cancel: CancellationToken::new(),
    };
    let (mut times, mut cases, mut passed) = (Vec::new(), 0, 0);
    for _ in 0..TIMES {
        let began = Instant::now();
        let plan = options.plan(&suites)?;
        let records = replay_suites(plan, &settings, &options, &mut |_| Ok(())).await?;
        times.push(began.elapsed());
        cases = records.len();
        passed = records
            .iter()
            .filter(|record| record.verdict == Verdict::Passed)
            .count();
    }
    let replaying = middle(times);
    let mut bytes = 0;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        bytes = suites
            .iter()
            .map(|suite| read(&folder(suite)))
            .sum::<Result<usize, _>>()?;
        times.push(began.elapsed());
    }
    let reading = middle(times);
    let rate = f64::from(u32::try_from(cases)?) / replaying.as_secs_f64().max(f64::EPSILON);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{cases} recorded cases, {passed} passed: {replaying:?}")?;
    writeln!(
        out,
        "{rate:.0} cases a second with {JOBS} jobs, {:.1} times the floor of {FLOOR}",
        rate / FLOOR
    )?;
    Floor::taken(&format!("reading their {bytes} bytes"), reading).tell("all cases replayed", replaying);
    Ok(())
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(TIMES / 2).copied().unwrap_or_default()
}

fn folder(suite: &Suite) -> PathBuf {
    suite
        .path
        .parent()
        .map_or_else(PathBuf::new, |folder| folder.join("tapes"))
}

/// Reads every file below a folder; how many bytes they have.
fn read(folder: &Path) -> std::io::Result<usize> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        bytes += if path.is_dir() {
            read(&path)?
        } else {
            std::fs::read(&path)?.len()
        };
    }
    Ok(bytes)
}
