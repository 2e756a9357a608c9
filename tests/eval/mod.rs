pub mod benchmark;
mod demo;
mod graders;
mod planted;
mod suites;
mod tables;
