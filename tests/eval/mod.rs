pub mod benchmark;
mod calibration;
mod demo;
mod graders;
mod planted;
mod suites;
mod tables;
