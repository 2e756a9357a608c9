use std::io;
use std::path::Path;

use super::args::InitArgs;
use super::error::CliError;
use super::exit::ExitStatus;
use super::term;
use crate::atomic_file::{self, FileAccess};
use crate::config::{FILE_NAME, TEMPLATE, schema};

/// Writes the commented settings file, or prints its schema. `path` is what `--config` says.
pub(super) fn init(args: &InitArgs, path: Option<&Path>) -> Result<ExitStatus, CliError> {
    if args.schema {
        term::out(schema()).map_err(CliError::Output)?;
        return Ok(ExitStatus::Done);
    }
    let path = path.unwrap_or(Path::new(FILE_NAME));
    match write_file(path, TEMPLATE, args.force) {
        Ok(()) => {
            let path = path.display();
            term::say(format_args!(
                "wrote {path}: everything in it is commented out.\n\
                 Next, name your Metabase and the curated collections in it, then run\n  \
                 cardinal doctor"
            ));
            Ok(ExitStatus::Done)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(CliError::FileExists {
            path: path.to_owned(),
        }),
        Err(source) => Err(CliError::WriteFile {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Puts a whole file in its place at once, so that a full disk leaves what was there.
pub(super) fn write_file(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    if replace {
        atomic_file::replace(path, text.as_bytes(), FileAccess::Default)
    } else {
        atomic_file::create(path, text.as_bytes(), FileAccess::Default)
    }
}
