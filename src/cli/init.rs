use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::args::InitArgs;
use super::error::CliError;
use super::exit::Ending;
use super::term;
use crate::config::{FILE_NAME, TEMPLATE, schema};

/// Writes the commented settings file, or prints its schema. `path` is what `--config` says.
pub(super) fn init(args: &InitArgs, path: Option<&Path>) -> Result<Ending, CliError> {
    if args.schema {
        term::out(schema()).map_err(CliError::Output)?;
        return Ok(Ending::Done);
    }
    let path = path.unwrap_or(Path::new(FILE_NAME));
    let written = if args.force {
        fs::write(path, TEMPLATE)
    } else {
        write_new(path)
    };
    match written {
        Ok(()) => {
            term::say(format_args!(
                "wrote {}; everything in it is commented out: name your Metabase and the curated collections, then run \
                 `cardinal doctor`",
                path.display()
            ));
            Ok(Ending::Done)
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

fn write_new(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(TEMPLATE.as_bytes())
}
