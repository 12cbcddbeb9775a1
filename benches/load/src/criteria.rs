//! What is asked of the service, and whether it was reached.

use std::fmt;

use crate::report::{MEDIAN_MS, Place, RATES, Report, Row, SLOW_MS, SPENT_US, WAL_BYTES};
use crate::service::Manner;

const ASYNC: Row = Row::Send(Manner::RespondAsync);
const KEYED: Row = Row::Send(Manner::RespondAsyncKeyed);
const WAIT: Row = Row::Send(Manner::Wait);

/// `(row, least part of the yardstick, most microseconds of processor time)`.
const AGAINST_YARDSTICK: [(Row, f64, Option<f64>); 3] = [
    (ASYNC, 1.3, Some(240.0)),
    (WAIT, 1.3, None),
    (Row::Verify, 2.1, Some(150.0)),
];

/// A line of the table.
pub struct Criterion {
    measure: String,
    must: String,
    reached: String,
    met: bool,
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = if self.met { "yes" } else { "**no**" };
        write!(
            f,
            "| {} | {} | {} | {met} |",
            self.measure, self.must, self.reached
        )
    }
}

/// A unit, and with how many decimals it is written.
type Unit = (&'static str, usize);
const OF_YARDSTICK: Unit = ("× the yardstick", 2);
const OF_OTHER: Unit = ("× the other", 2);
const MICROSECONDS: Unit = ("µs", 0);
const MILLISECONDS: Unit = ("ms", 1);
const MEBIBYTES: Unit = ("MiB", 1);

/// Prints all of them and whether they are met.
pub fn print(report: &Report) {
    println!("\n| measure | must reach | reached | met |");
    println!("|---|---|---|---|");
    for criterion in all(report) {
        println!("{criterion}");
    }
}

/// Everything that was measured, in the order in which it is asked.
fn all(report: &Report) -> Vec<Criterion> {
    let mut all = Vec::new();
    against_yardstick(report, &mut all);
    all.extend(RATES.iter().filter_map(|rate| light(report, *rate)));
    replicas(report, &mut all);
    all.extend(at_most(
        "WAL of a send with its outcome",
        0.5,
        OF_OTHER,
        quotient(
            report.figure(Place::InTurns, ASYNC, WAL_BYTES),
            report.figure(Place::Other, ASYNC, WAL_BYTES),
        ),
    ));
    sqlite(report, &mut all);
    all.extend(at_most(
        "memory after the load",
        64.0,
        MEBIBYTES,
        report.after_load,
    ));
    all.extend(at_most("memory when ready", 24.0, MEBIBYTES, report.when_ready));
    all.extend(at_most("memory, idle for a minute", 24.0, MEBIBYTES, report.idle));
    all.extend(at_most("start to ready", 300.0, MILLISECONDS, report.ready_after));
    all
}

fn against_yardstick(report: &Report, all: &mut Vec<Criterion>) {
    for (row, least, most) in AGAINST_YARDSTICK {
        let name = row.name();
        all.extend(at_least(
            &name,
            least,
            OF_YARDSTICK,
            report.ratio(Place::Postgres, row),
        ));
        if let Some(most) = most {
            let spent = report.figure(Place::Postgres, row, SPENT_US);
            all.extend(at_most(
                &format!("{name}, processor time"),
                most,
                MICROSECONDS,
                spent,
            ));
        }
    }
    all.extend(at_least(
        &KEYED.name(),
        0.95,
        ("× without", 2),
        quotient(
            report.rate(Place::Postgres, KEYED),
            report.rate(Place::Postgres, ASYNC),
        ),
    ));
    for (row, ..) in AGAINST_YARDSTICK {
        // Of the yardstick each: the machine may be busier in one half of the run than in the other.
        let left = quotient(
            report.ratio(Place::Seeded, row),
            report.ratio(Place::Postgres, row),
        );
        let name = format!("{}, full table", row.name());
        all.extend(at_least(&name, 0.9, ("× with an empty one", 2), left));
    }
}

/// The times of answers under light load, held against the other binary's.
fn light(report: &Report, rate: u32) -> Option<Criterion> {
    let of = |place, figure| report.figure(place, Row::Light(rate), figure);
    let (median, other_median) = (of(Place::InTurns, MEDIAN_MS)?, of(Place::Other, MEDIAN_MS)?);
    let (slow, other_slow) = (of(Place::InTurns, SLOW_MS)?, of(Place::Other, SLOW_MS)?);
    Some(Criterion {
        measure: Row::Light(rate).name(),
        must: "p50 ≤ 1.05 × the other's, p99 ≤ 1.1 × or 0.5 ms more".to_owned(),
        reached: format!("p50 {median:.2} and {other_median:.2} ms, p99 {slow:.2} and {other_slow:.2} ms"),
        met: median <= 1.05 * other_median && slow <= (1.1 * other_slow).max(other_slow + 0.5),
    })
}

fn replicas(report: &Report, all: &mut Vec<Criterion>) {
    for row in [ASYNC, Row::Verify] {
        let left = quotient(
            report.rate(Place::TwoProcesses, row),
            report.rate(Place::OneProcess, row),
        );
        let name = format!("{}, two processes", row.name());
        all.extend(at_least(&name, 0.9, ("× one", 2), left));
    }
    all.extend(at_most(
        "deadlocks in the whole run",
        0.0,
        ("", 0),
        report.deadlocks,
    ));
}

fn sqlite(report: &Report, all: &mut Vec<Criterion>) {
    for row in [ASYNC, Row::Verify] {
        let name = format!("SQLite: {}", row.name());
        let rates = quotient(
            report.rate(Place::Sqlite, row),
            report.rate(Place::OtherSqlite, row),
        );
        all.extend(at_least(&name, 2.0, OF_OTHER, rates));
        let slow = report.figure(Place::Sqlite, row, SLOW_MS);
        all.extend(at_most(&format!("{name}, p99"), 40.0, MILLISECONDS, slow));
    }
}

fn at_least(measure: &str, least: f64, unit: Unit, reached: Option<f64>) -> Option<Criterion> {
    let reached = reached?;
    Some(criterion(measure, "≥", least, unit, reached, reached >= least))
}

fn at_most(measure: &str, most: f64, unit: Unit, reached: Option<f64>) -> Option<Criterion> {
    let reached = reached?;
    Some(criterion(measure, "≤", most, unit, reached, reached <= most))
}

fn criterion(
    measure: &str,
    sign: &str,
    bound: f64,
    (unit, decimals): Unit,
    reached: f64,
    met: bool,
) -> Criterion {
    Criterion {
        measure: measure.to_owned(),
        must: format!("{sign} {bound} {unit}").trim_end().to_owned(),
        reached: format!("{reached:.decimals$} {unit}").trim_end().to_owned(),
        met,
    }
}

fn quotient(over: Option<f64>, under: Option<f64>) -> Option<f64> {
    Some(over? / under?)
}
