use std::io;

use super::args::SandboxInitArgs;
use super::dataset;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::init::write_file;
use crate::cli::term;
use crate::sandbox::model_schema;

/// Writes a first semantic model for a folder of CSV files or a SQLite file, or prints the schema of all of them.
pub(super) async fn run(args: SandboxInitArgs) -> Result<ExitStatus, CliError> {
    if args.schema {
        term::out(model_schema()).map_err(CliError::Output)?;
        return Ok(ExitStatus::Done);
    }
    if args.data.db.is_none() && args.data.csv.is_none() {
        return Err(CliError::usage(
            "a model is written for data of your own: name it with --csv or --db",
        ));
    }
    let world = dataset::open(&args.data, None).await?;
    let (out, text) = (args.out.clone(), world.draft_model());
    let written = tokio::task::spawn_blocking(move || write_file(&out, &text, args.force)).await;
    match written.map_err(|error| CliError::Start(error.into()))? {
        Ok(()) => {
            let path = args.out.display();
            term::say(format_args!(
                "wrote {path}: say what the tables mean, add cards, then run `cardinal sandbox check --model {path}` with \
                 the same data"
            ));
            Ok(ExitStatus::Done)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(CliError::ModelExists { path: args.out })
        }
        Err(source) => Err(CliError::WriteFile {
            path: args.out,
            source,
        }),
    }
}
