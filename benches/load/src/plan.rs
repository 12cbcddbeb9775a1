//! The plan of a run: what is measured, on what, and in which order.
//!
//! What is compared with one another is measured in turns, and what is held against the yardstick stands between two of its
//! runs: what else the machine does changes with time.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;

use crate::criteria;
use crate::load::{Answers, Load};
use crate::postgres::{Database, Yardstick};
use crate::report::{Place, RATES, Report, Row, median_of};
use crate::service::{Manner, Service};
use crate::twilio_double::TwilioDouble;
use crate::{Failure, Options};

/// How often two binaries take turns.
const TURNS: usize = 5;
/// How many starts are timed.
const STARTS: usize = 5;
/// After how many rows' time a process counts as idle: a minute's, where a row has the usual length.
const IDLE: u32 = 6;

pub fn carry_out(options: Options, binary: PathBuf) -> Result<(), Failure> {
    let home = std::env::temp_dir().join(format!("otpost-load-{}", std::process::id()));
    fs::create_dir_all(&home)?;
    let mut run = Run {
        options,
        binary,
        home,
        double: Arc::new(TwilioDouble::start()?),
        report: Report::default(),
    };
    let outcome = run.measure();
    fs::remove_dir_all(&run.home)?;
    outcome
}

struct Run {
    options: Options,
    binary: PathBuf,
    /// Keys, logs and the SQLite files.
    home: PathBuf,
    double: Arc<TwilioDouble>,
    report: Report,
}

impl Run {
    fn measure(&mut self) -> Result<(), Failure> {
        let outcome = self.measure_all();
        // What a run came to before it failed is worth having.
        self.report.print();
        criteria::print(&self.report);
        outcome?;
        match self.double.duplicates() {
            0 => Ok(()),
            duplicates => Err(format!("{duplicates} codes were sent twice").into()),
        }
    }

    fn measure_all(&mut self) -> Result<(), Failure> {
        if self.options.postgres {
            self.on_postgres()?;
        }
        if self.options.sqlite {
            self.on_sqlite()?;
        }
        Ok(())
    }

    fn on_postgres(&mut self) -> Result<(), Failure> {
        let yardstick = Yardstick::create()?;
        let database = Database::create("service")?;
        println!("Postgres: {}", database.settings()?);
        let service = self.start("postgres", database.url())?;
        let load = self.load(&[&service], Some(&database));

        println!("warming up");
        yardstick.rate(self.options.span)?;
        load.warm_up()?;

        println!("Postgres");
        self.against_yardstick(Place::Postgres, &load, &yardstick)?;
        self.report.after_load = Some(mebibytes(service.resident()?));

        println!("one and two replicas");
        let second = self.start("postgres", database.url())?;
        self.replicas(&load, &self.load(&[&service, &second], Some(&database)))?;
        drop(second);

        if let Some(other) = self.options.against.clone() {
            println!("in turns with {}", other.display());
            let other_database = Database::create("other")?;
            let other = Service::start(
                &other,
                &self.home.join("other-postgres"),
                other_database.url(),
                &self.double.url(),
            )?;
            let other = self.load(&[&other], Some(&other_database));
            other.warm_up()?;
            self.in_turns(&load, &other)?;
        }
        if self.options.rows > 0 {
            println!("Postgres with {} verifications", self.options.rows);
            database.seed(self.options.rows)?;
            load.warm_up()?;
            self.against_yardstick(Place::Seeded, &load, &yardstick)?;
        }
        drop(load);
        drop(service);

        println!("starts");
        self.starts(&database)?;
        self.report.deadlocks = Some(database.deadlocks()? as f64);
        Ok(())
    }

    /// Each row `repeat` times, each time between two runs of the yardstick.
    fn against_yardstick(&mut self, place: Place, load: &Load, yardstick: &Yardstick) -> Result<(), Failure> {
        let span = self.options.span;
        let mut before = yardstick.rate(span)?;
        for turn in 0..self.options.repeat {
            let mut beside = |row, figures, report: &mut Report| -> Result<(), Failure> {
                let after = yardstick.rate(span)?;
                report.sample(place, row, figures, Some(f64::midpoint(before, after)));
                before = after;
                Ok(())
            };
            let mut manners = [Manner::RespondAsync, Manner::RespondAsyncKeyed, Manner::Wait];
            if turn % 2 == 1 {
                manners.swap(0, 1);
            }
            let mut all = Vec::new();
            for manner in manners {
                let Answers { sent, figures } = load.send(manner)?;
                all.extend(sent);
                beside(Row::Send(manner), figures, &mut self.report)?;
            }
            beside(Row::Verify, load.verify(all)?, &mut self.report)?;
        }
        Ok(())
    }

    /// The same load on one process and shared by two.
    fn replicas(&mut self, one: &Load, two: &Load) -> Result<(), Failure> {
        two.warm_up()?;
        for _ in 0..self.options.repeat {
            for (place, load) in [(Place::OneProcess, one), (Place::TwoProcesses, two)] {
                self.send_and_verify(place, load)?;
            }
        }
        Ok(())
    }

    /// What is asked in comparison with another binary: light load, and what a send writes.
    fn in_turns(&mut self, ours: &Load, other: &Load) -> Result<(), Failure> {
        for turn in 0..TURNS {
            let mut both = [(Place::InTurns, ours), (Place::Other, other)];
            both.rotate_left(turn % 2);
            for rate in RATES {
                for (place, load) in both {
                    self.report
                        .sample(place, Row::Light(rate), load.send_at(rate)?, None);
                }
            }
            for (place, load) in both {
                self.send_and_verify(place, load)?;
            }
        }
        Ok(())
    }

    fn starts(&mut self, database: &Database) -> Result<(), Failure> {
        let (mut ready_after, mut when_ready) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let service = self.start("postgres", database.url())?;
            ready_after.push(service.ready_after().as_secs_f64() * 1e3);
            when_ready.push(mebibytes(service.resident_when_ready()));
        }
        self.report.ready_after = median_of(ready_after);
        self.report.when_ready = median_of(when_ready);
        let service = self.start("postgres", database.url())?;
        sleep(IDLE * self.options.span);
        self.report.idle = Some(mebibytes(service.resident()?));
        Ok(())
    }

    fn on_sqlite(&mut self) -> Result<(), Failure> {
        println!("SQLite");
        let service = self.start("sqlite", &self.sqlite_url("service"))?;
        let other = match &self.options.against {
            Some(other) => Some(Service::start(
                other,
                &self.home.join("other-sqlite"),
                &self.sqlite_url("other"),
                &self.double.url(),
            )?),
            None => None,
        };
        let ours = self.load(&[&service], None);
        let other = other.as_ref().map(|other| self.load(&[other], None));
        let mut loads = vec![(Place::Sqlite, ours)];
        loads.extend(other.map(|other| (Place::OtherSqlite, other)));
        for (_, load) in &loads {
            load.warm_up()?;
        }
        let turns = if loads.len() > 1 {
            TURNS
        } else {
            self.options.repeat
        };
        for _ in 0..turns {
            for (place, load) in &loads {
                self.send_and_verify(*place, load)?;
            }
            loads.reverse();
        }
        Ok(())
    }

    fn send_and_verify(&mut self, place: Place, load: &Load) -> Result<(), Failure> {
        let Answers { sent, figures } = load.send(Manner::RespondAsync)?;
        self.report
            .sample(place, Row::Send(Manner::RespondAsync), figures, None);
        let figures = load.verify(sent)?;
        self.report.sample(place, Row::Verify, figures, None);
        Ok(())
    }

    /// Starts the service that is measured; `name` is its home.
    fn start(&self, name: &str, url: &str) -> Result<Service, Failure> {
        Service::start(&self.binary, &self.home.join(name), url, &self.double.url())
    }

    fn sqlite_url(&self, name: &str) -> String {
        format!("sqlite://{}", self.home.join(format!("{name}.db")).display())
    }

    fn load<'a>(&self, services: &[&'a Service], database: Option<&'a Database>) -> Load<'a> {
        Load::new(services, database, &self.double, self.options.span)
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
