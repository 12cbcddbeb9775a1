//! Measures a running service and, in the same run on the same database, the limit that the database sets. The plan of a run
//! is here; `cargo run --release --manifest-path benches/load/Cargo.toml` runs it, and `benches/README.md` reads the table.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use load::{Answers, Load, Manner, Sent};
use postgres::Postgres;
use report::{Bare, Report, Row};
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
    /// How many verifications are in the table for the second half.
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
        let load = Load::new(&service, None, &double, options.span);
        println!("\nSQLite");
        three_rows("SQLite", &load, &mut report)?;
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
    let few = database.seed_for_checks(options.span)?;

    println!("Postgres");
    rows_beside_their_limit("Postgres", options, database, &service, double, report)?;
    report.after_load("Postgres", service.resident()?);

    if options.rows > few {
        println!("\nPostgres with {} verifications", options.rows);
        database.seed(few, options.rows)?;
        rows_beside_their_limit("Postgres, seeded", options, database, &service, double, report)?;
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

/// The limit is measured next to the rows that are divided by it: what else the machine does changes with time.
fn rows_beside_their_limit(
    place: &'static str,
    options: &Options,
    database: &Postgres,
    service: &Service,
    double: &Arc<TwilioDouble>,
    report: &mut Report,
) -> Result<(), Failure> {
    let load = Load::new(service, Some(database), double, options.span);
    report.bare(place, Bare::Issue, database.bare_issues(options.span)?);
    let sent = sends(place, &load, report)?;
    report.bare(place, Bare::Issue, database.bare_issues(options.span)?);
    report.bare(place, Bare::Check, database.bare_checks()?);
    verify(place, &load, sent, report)
}

fn three_rows(place: &'static str, load: &Load<'_>, report: &mut Report) -> Result<(), Failure> {
    let sent = sends(place, load, report)?;
    verify(place, load, sent, report)
}

/// What is compared with one another is measured in turns.
fn sends(place: &'static str, load: &Load<'_>, report: &mut Report) -> Result<Vec<Sent>, Failure> {
    const TURNS: [(Row, Manner); 5] = [
        (Row::RespondAsync, Manner::RespondAsync),
        (Row::RespondAsyncKeyed, Manner::RespondAsyncKeyed),
        (Row::RespondAsyncKeyed, Manner::RespondAsyncKeyed),
        (Row::RespondAsync, Manner::RespondAsync),
        (Row::Wait, Manner::Wait),
    ];
    let mut all = Vec::new();
    for (row, manner) in TURNS {
        let Answers { sent, figures } = load.send(manner)?;
        report.row(place, row, figures);
        all.extend(sent);
    }
    Ok(all)
}

fn verify(place: &'static str, load: &Load<'_>, sent: Vec<Sent>, report: &mut Report) -> Result<(), Failure> {
    let figures = load.verify(sent)?;
    report.row(place, Row::Verify, figures);
    Ok(())
}
