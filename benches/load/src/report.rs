//! What was measured, and the table that is printed of it: the medians of every row.

use std::time::Duration;

use crate::load::Figures;
use crate::service::Manner;

/// What a row was measured on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Postgres,
    /// With a full table.
    Seeded,
    /// One process and two on the same database, in turns.
    OneProcess,
    TwoProcesses,
    /// This binary and the other, in turns.
    InTurns,
    Other,
    Sqlite,
    OtherSqlite,
}

/// Sends a second at a fixed rate.
pub const RATES: [u32; 3] = [50, 200, 1_000];

/// What the service did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Row {
    Send(Manner),
    Verify,
    /// Sends at a fixed rate, each waiting for acceptance.
    Light(u32),
}

struct Sample {
    place: Place,
    row: Row,
    figures: Figures,
    yardstick: Option<f64>,
}

#[derive(Default)]
pub struct Report {
    samples: Vec<Sample>,
    pub after_load: Option<f64>,
    pub ready_after: Option<f64>,
    pub when_ready: Option<f64>,
    pub idle: Option<f64>,
    pub deadlocks: Option<f64>,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "Postgres",
            Self::Seeded => "Postgres, full table",
            Self::OneProcess => "Postgres, one process",
            Self::TwoProcesses => "Postgres, two processes",
            Self::InTurns => "Postgres, in turns",
            Self::Other => "Postgres, other binary",
            Self::Sqlite => "SQLite",
            Self::OtherSqlite => "SQLite, other binary",
        }
    }
}

impl Row {
    pub fn name(self) -> String {
        match self {
            Self::Send(Manner::RespondAsync) => "send, respond-async".to_owned(),
            Self::Send(Manner::RespondAsyncKeyed) => "send, respond-async, with a key".to_owned(),
            Self::Send(Manner::Wait) => "send, waiting for acceptance".to_owned(),
            Self::Verify => "verify, right code".to_owned(),
            Self::Light(rate) => format!("{rate} sends a second"),
        }
    }
}

/// A figure of one sample.
type Figure = fn(&Figures) -> f64;

const RATE: Figure = Figures::rate;
pub const MEDIAN_MS: Figure = |figures| milliseconds(figures.median);
pub const SLOW_MS: Figure = |figures| milliseconds(figures.slow);
pub const DRAIN_MS: Figure = |figures| milliseconds(figures.drain);
pub const SERVICE_US: Figure = |figures| each(figures, figures.spent.service);
pub const POSTGRES_US: Figure = |figures| each(figures, figures.spent.postgres);
/// Processor time of service and database together.
pub const SPENT_US: Figure = |figures| SERVICE_US(figures) + POSTGRES_US(figures);
pub const LOAD_US: Figure = |figures| each(figures, figures.spent.load);
pub const OTHERS_PERCENT: Figure = |figures| {
    let spent = &figures.spent;
    let others = spent
        .machine
        .saturating_sub(spent.service + spent.postgres + spent.load);
    others.as_secs_f64() * 100.0 / spent.machine.as_secs_f64().max(0.01)
};
pub const WAL_BYTES: Figure = |figures| figures.wal_bytes as f64 / figures.requests.max(1) as f64;

impl Report {
    pub fn sample(&mut self, place: Place, row: Row, figures: Figures, yardstick: Option<f64>) {
        println!(
            "  {:<24} {:<32} {:>6.0} a second{}",
            place.name(),
            row.name(),
            figures.rate(),
            yardstick.map_or_else(String::new, |rate| format!(", yardstick {rate:.0}"))
        );
        self.samples.push(Sample {
            place,
            row,
            figures,
            yardstick,
        });
    }

    /// The median of a figure.
    pub fn figure(&self, place: Place, row: Row, figure: Figure) -> Option<f64> {
        median_of(
            self.of(place, row)
                .map(|sample| figure(&sample.figures))
                .collect(),
        )
    }

    pub fn rate(&self, place: Place, row: Row) -> Option<f64> {
        self.figure(place, row, RATE)
    }

    /// The median of the rate as a part of the yardstick's.
    pub fn ratio(&self, place: Place, row: Row) -> Option<f64> {
        let ratios = self.of(place, row).map(|sample| {
            let yardstick = sample.yardstick?;
            Some(sample.figures.rate() / yardstick)
        });
        median_of(ratios.collect::<Option<_>>()?)
    }

    fn of(&self, place: Place, row: Row) -> impl Iterator<Item = &Sample> {
        let is_meant = move |sample: &&Sample| sample.place == place && sample.row == row;
        self.samples.iter().filter(is_meant)
    }

    pub fn print(&self) {
        println!(
            "\n| on | what | samples | a second | × yardstick | p50 ms | p99 ms | drained after ms | service µs | database µs | load µs | others % | WAL bytes |"
        );
        println!("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        let mut printed = Vec::new();
        for sample in &self.samples {
            let key = (sample.place, sample.row);
            if !printed.contains(&key) {
                printed.push(key);
                self.print_row(sample.place, sample.row);
            }
        }
    }

    fn print_row(&self, place: Place, row: Row) {
        let number = |value: Option<f64>, decimals: usize| {
            value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
        };
        let figure = |figure, decimals| number(self.figure(place, row, figure), decimals);
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            place.name(),
            row.name(),
            self.of(place, row).count(),
            figure(RATE, 0),
            number(self.ratio(place, row), 2),
            figure(MEDIAN_MS, 2),
            figure(SLOW_MS, 2),
            figure(DRAIN_MS, 0),
            figure(SERVICE_US, 0),
            figure(POSTGRES_US, 0),
            figure(LOAD_US, 0),
            figure(OTHERS_PERCENT, 0),
            figure(WAL_BYTES, 0),
        );
    }
}

/// The middle one, or the mean of the two in the middle.
pub fn median_of(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(f64::midpoint(lower, *upper))
}

fn each(figures: &Figures, spent: Duration) -> f64 {
    spent.as_secs_f64() * 1e6 / figures.requests.max(1) as f64
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
