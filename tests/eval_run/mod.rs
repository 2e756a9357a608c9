//! Runs of suites, their statistics, baselines and reports.

mod benchmark;
mod junit;
mod program;
mod reports;
mod statistics;
