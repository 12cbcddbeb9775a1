//! Measures a running service and, in the same run on the same server, a yardstick of `pgbench`. The plan of a run
//! is here; `cargo run --release --manifest-path benches/load/Cargo.toml` runs it, and `benches/README.md` reads the table.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use load::{Answers, Load, Manner};
use postgres::Postgres;
use report::{Report, Row};
use service::Service;
use twilio_double::TwilioDouble;

mod http;
mod load;
mod machine;
mod postgres;
mod recipients;
mod report;
mod service;
mod twilio_double;

type Failure = Box<dyn std::error::Error>;

/// What the command line may say.
struct Options {
    /// How long a row sends.
    span: Duration,
    /// How many verifications are in the table for the second half; without any there is none.
    rows: u64,
    /// Another binary than the one of this source, which is then not built.
    binary: Option<PathBuf>,
    /// Rows on SQLite.
    sqlite: bool,
    /// Rows on Postgres.
    postgres: bool,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Failure> {
    let mut options = Options {
        span: Duration::from_secs(10),
        rows: 1_000_000,
        binary: None,
        sqlite: true,
        postgres: true,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.span = Duration::from_secs(5),
            "--rows" => options.rows = arguments.next().ok_or("--rows needs a number")?.parse()?,
            "--binary" => options.binary = Some(arguments.next().ok_or("--binary needs a path")?.into()),
            "--no-sqlite" => options.sqlite = false,
            "--no-postgres" => options.postgres = false,
            other => {
                return Err(
                    format!("{other}? --quick, --rows N, --binary PATH, --no-sqlite, --no-postgres").into(),
                );
            }
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), Failure> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let binary = match &options.binary {
        Some(binary) => binary.canonicalize()?,
        None => service::build(&repository)?,
    };
    let directory = std::env::temp_dir().join(format!("otpost-load-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let outcome = measure(options, &repository, &binary, &directory);
    fs::remove_dir_all(&directory)?;
    outcome
}

fn measure(options: &Options, repository: &Path, binary: &Path, directory: &Path) -> Result<(), Failure> {
    let double = Arc::new(TwilioDouble::start()?);
    let mut report = Report::default();
    if options.postgres {
        let database = Postgres::create(repository)?;
        let outcome = on_postgres(options, &database, binary, directory, &double, &mut report);
        database.drop()?;
        outcome?;
    }
    if options.sqlite {
        let url = format!("sqlite://{}", directory.join("otpost.db").display());
        let service = Service::start(binary, &directory.join("sqlite"), &url, &double.url())?;
        println!("\nSQLite");
        rows("SQLite", options, None, &service, &double, &mut report)?;
        report.after_load("SQLite", service.resident()?);
    }
    report.print();
    if double.duplicates() > 0 {
        return Err(format!("{} codes were sent twice", double.duplicates()).into());
    }
    Ok(())
}

fn on_postgres(
    options: &Options,
    database: &Postgres,
    binary: &Path,
    directory: &Path,
    double: &Arc<TwilioDouble>,
    report: &mut Report,
) -> Result<(), Failure> {
    let home = directory.join("postgres");
    let service = Service::start(binary, &home, database.url(), &double.url())?;

    println!("Postgres");
    rows("Postgres", options, Some(database), &service, double, report)?;
    report.after_load("Postgres", service.resident()?);

    if options.rows > 0 {
        println!("\nPostgres with {} verifications", options.rows);
        database.seed(options.rows)?;
        rows(
            "Postgres, seeded",
            options,
            Some(database),
            &service,
            double,
            report,
        )?;
        report.after_load("Postgres, seeded", service.resident()?);
    }
    drop(service);

    let mut starts = Vec::new();
    for _ in 0..5 {
        starts.push(Service::start(binary, &home, database.url(), &double.url())?.ready_after());
    }
    starts.sort_unstable();
    report.ready_after(starts[starts.len() / 2]);
    let service = Service::start(binary, &home, database.url(), &double.url())?;
    std::thread::sleep(Duration::from_secs(5));
    report.idle(service.resident()?);
    Ok(())
}

/// What is compared with one another is measured in turns, and next to the yardstick: what else the machine does changes with
/// time.
fn rows(
    place: &'static str,
    options: &Options,
    database: Option<&Postgres>,
    service: &Service,
    double: &Arc<TwilioDouble>,
    report: &mut Report,
) -> Result<(), Failure> {
    const SENDS: [(Row, Manner); 5] = [
        (Row::RespondAsync, Manner::RespondAsync),
        (Row::RespondAsyncKeyed, Manner::RespondAsyncKeyed),
        (Row::RespondAsyncKeyed, Manner::RespondAsyncKeyed),
        (Row::RespondAsync, Manner::RespondAsync),
        (Row::Wait, Manner::Wait),
    ];
    let load = Load::new(service, database, double, options.span);
    let yardstick = || {
        database
            .map(|database| database.yardstick(options.span))
            .transpose()
    };
    let mut before = yardstick()?;
    let mut beside = |figures, row, report: &mut Report| -> Result<(), Failure> {
        let after = yardstick()?;
        let mean = before
            .zip(after)
            .map(|(before, after)| f64::midpoint(before, after));
        report.row(place, row, figures, mean);
        before = after;
        Ok(())
    };
    let mut all = Vec::new();
    for (row, manner) in SENDS {
        let Answers { sent, figures } = load.send(manner)?;
        beside(figures, row, report)?;
        all.extend(sent);
    }
    beside(load.verify(all)?, Row::Verify, report)
}
