use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};

use super::args::SuiteInitArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;

/// The suite to begin with.
const STARTER: &str = include_str!("starter.yaml");

pub(super) fn run(args: &SuiteInitArgs) -> Result<ExitStatus, CliError> {
    let path = args.folder.join("suite.yaml");
    let written = fs::create_dir_all(&args.folder).and_then(|()| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(STARTER.as_bytes())
    });
    match written {
        Ok(()) => {
            let folder = args.folder.display();
            term::say(format_args!(
                "wrote {}; run it with `cardinal eval run {folder}`",
                path.display()
            ));
            Ok(ExitStatus::Done)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(CliError::SuiteExists { path }),
        Err(source) => Err(CliError::WriteFile { path, source }),
    }
}
