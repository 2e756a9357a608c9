mod demo;
mod graders;
mod suites;
mod tables;
