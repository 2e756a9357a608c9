//! Runs of suites, their statistics, baselines and reports.

mod program;
mod reports;
mod statistics;
