//! The command line: one file per command. Commands start a flow and listen to its events; they never reach inside.
