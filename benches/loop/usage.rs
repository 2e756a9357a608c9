//! CPU time and memory of processes, as Linux tells them.

use std::fs;
use std::time::Duration;

use crate::Outcome;

/// Ticks of `/proc/self/stat` in a second; the kernel's interface fixes it.
const TICKS: u64 = 100;

/// User and system time of this process so far.
pub(crate) fn cpu() -> Outcome<Duration> {
    cpu_of(std::process::id())
}

/// The same of a process.
pub(crate) fn cpu_of(process: u32) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("an odd /proc/PID/stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // The fields are counted from 1, and the first two stand before the bracket: utime is 14, stime 15.
    let ticks = |number: usize| -> Outcome<u64> {
        Ok(fields.get(number - 3).ok_or("a short /proc/PID/stat")?.parse()?)
    };
    Ok(Duration::from_millis((ticks(14)? + ticks(15)?) * 1000 / TICKS))
}

/// The most memory this process had at any time, in MB.
pub(crate) fn peak_mb() -> Outcome<f64> {
    memory("self", "VmHWM:")
}

/// The memory that a process has now, in MB.
pub(crate) fn rss_mb(process: u32) -> Outcome<f64> {
    memory(&process.to_string(), "VmRSS:")
}

fn memory(process: &str, field: &str) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes: f64 = line
        .and_then(|line| line.trim().strip_suffix("kB"))
        .ok_or_else(|| format!("no {field} in /proc/{process}/status"))?
        .trim()
        .parse()?;
    Ok(kilobytes / 1024.0)
}
