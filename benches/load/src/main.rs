//! Measures a running service and, in the same run on the same server, a yardstick of `pgbench`: the command line.
//! `benches/README.md` says how to run it and how to read what it prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

mod criteria;
mod http;
mod load;
mod machine;
mod plan;
mod postgres;
mod recipients;
mod report;
mod service;
mod twilio_double;

type Failure = Box<dyn std::error::Error>;

/// What the command line may say.
struct Options {
    /// How long a row lasts.
    span: Duration,
    /// How often each row is measured; what is printed are medians.
    repeat: usize,
    /// How many verifications are in the table for the second half; without any there is none.
    rows: u64,
    /// Another binary than the one of this source, which is then not built.
    binary: Option<PathBuf>,
    /// An older binary: what is asked of this one in comparison with it is measured in turns.
    against: Option<PathBuf>,
    sqlite: bool,
    postgres: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            span: Duration::from_secs(10),
            repeat: 1,
            rows: 10_000_000,
            binary: None,
            against: None,
            sqlite: true,
            postgres: true,
        }
    }
}

const USAGE: &str =
    "--seconds N, --repeat N, --rows N, --binary PATH, --against PATH, --no-sqlite, --no-postgres";

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Failure> {
    let mut options = Options::default();
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{option} needs a value"));
        match option.as_str() {
            "--seconds" => options.span = Duration::from_secs(value()?.parse()?),
            "--repeat" => options.repeat = value()?.parse()?,
            "--rows" => options.rows = value()?.parse()?,
            "--binary" => options.binary = Some(Path::new(&value()?).canonicalize()?),
            "--against" => options.against = Some(Path::new(&value()?).canonicalize()?),
            "--no-sqlite" => options.sqlite = false,
            "--no-postgres" => options.postgres = false,
            other => return Err(format!("{other}? {USAGE}").into()),
        }
    }
    Ok(options)
}

fn run(options: Options) -> Result<(), Failure> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => service::build(&repository)?,
    };
    plan::carry_out(options, binary)
}
