//! The files that a send crosses, as `docs/architecture.md` lists them: each is there and has to do with the others, and the
//! list is complete as far as a running send can tell.

use std::backtrace::Backtrace;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use otpost::domain::random::{OsRandom, Random};
use otpost::domain::time::{Clock, SystemClock, Timestamp};
use serde_json::json;

use super::circles::used_files;
use super::{report, root, sources};
use crate::support::carriers::{number, own_twilio, save_sms};
use crate::support::test_server::ServerOptions;
use crate::support::twilio_double::TwilioDouble;

/// How many there are. More is a step back; where there are fewer, the figure goes down.
const FILES: usize = 23;

/// Files that call on others for a send and are none of its steps, with the reason.
const BESIDE_THE_PATH: &[(&str, &str)] = &[
    (
        "http/layer/framing.rs",
        "refuses requests that cannot be told from the next one, and passes all others on as they are",
    ),
    ("http/request_id.rs", "draws an id for the log"),
    ("service/clock.rs", "answers what time it is"),
];

fn listed() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let section = text.split("### The files it crosses\n").nth(1).unwrap();
    let list = section.split("```").nth(1).unwrap();
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| Path::new(name).extension().is_some())
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_file_of_a_send_leads_to_another_or_on_from_one() {
    let (sources, listed) = (sources(), listed());
    let used = used_files(&sources);
    // What a file has may be handed on by the one that it is a part of.
    let whole = |part: &str| part.rsplit_once('/').map(|(folder, _)| format!("{folder}.rs"));
    let leads = |from: &str, to: &str| {
        let whole = whole(to).unwrap_or_default();
        from == whole || used[from].contains(to) || used[from].contains(whole.as_str())
    };
    let mut wrong = Vec::new();
    for (place, file) in listed.iter().enumerate() {
        let is_there = |file: &String| used.contains_key(file.as_str());
        let mut others = listed.iter().filter(|other| *other != file && is_there(other));
        if !is_there(file) {
            wrong.push(format!("{file} is not there"));
        } else if listed[..place].contains(file) {
            wrong.push(format!("{file} is listed twice"));
        } else if !others.any(|other| leads(other, file) || leads(file, other)) {
            wrong.push(format!("{file} has nothing to do with the others"));
        }
    }
    report(&wrong);
    assert_eq!(listed.len(), FILES);
}

/// A clock and a source of randomness that remember through which of our files they were asked, while they are told to.
#[derive(Default)]
struct Tracer {
    is_on: AtomicBool,
    crossed: Mutex<BTreeSet<String>>,
}

impl Tracer {
    fn look(&self) {
        if !self.is_on.load(Ordering::Relaxed) {
            return;
        }
        let stack = Backtrace::force_capture().to_string();
        let files: BTreeSet<String> = stack.lines().filter_map(our_file).collect();
        // The service asks for the time and for randomness on its own account, too.
        if files.contains("http/server/connection.rs") || files.contains("service/dispatch/walk.rs") {
            self.crossed.lock().unwrap().extend(files);
        }
    }
}

/// The file of our sources that a line of a backtrace names.
fn our_file(line: &str) -> Option<String> {
    let place = line.trim_start().strip_prefix("at ")?;
    let place = place.strip_prefix(root().to_str()?).unwrap_or(place);
    let (file, _) = place
        .trim_start_matches("./")
        .trim_start_matches('/')
        .strip_prefix("src/")?
        .split_once(':')?;
    Some(file.to_owned())
}

impl Clock for Tracer {
    fn now(&self) -> Timestamp {
        self.look();
        SystemClock.now()
    }
}

impl Random for Tracer {
    fn fill(&self, bytes: &mut [u8]) {
        self.look();
        OsRandom.fill(bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_crosses_no_file_that_is_not_listed() {
    let (tracer, twilio) = (Arc::new(Tracer::default()), TwilioDouble::start().await);
    let server = ServerOptions::default()
        .set("twilio.base_url", twilio.url())
        .random(tracer.clone())
        .on_a_machine(&tracer)
        .start()
        .await;
    save_sms(&server, own_twilio(&json!({}))).await;

    tracer.is_on.store(true, Ordering::Relaxed);
    let answer = server.send_sms(&number(1)).await;
    tracer.is_on.store(false, Ordering::Relaxed);
    assert_eq!(
        (answer.status, twilio.requests().len()),
        (201, 1),
        "{}",
        answer.body
    );

    let (listed, crossed) = (listed(), tracer.crossed.lock().unwrap().clone());
    for seen in ["http/otp/send.rs", "service/otp.rs", "provider/breaker.rs"] {
        assert!(
            crossed.contains(seen),
            "the trace did not see {seen}: {crossed:?}"
        );
    }
    let is_beside = |file: &str| BESIDE_THE_PATH.iter().any(|(beside, _)| *beside == file);
    let missing = crossed
        .iter()
        // The rules and values that a file calls on are not crossed.
        .filter(|file| !file.starts_with("domain/") && !listed.contains(file) && !is_beside(file))
        .map(|file| format!("a send crosses {file}, which docs/architecture.md does not list"));
    let unused = BESIDE_THE_PATH
        .iter()
        .filter(|(file, _)| !crossed.contains(*file));
    let unused = unused.map(|(file, _)| format!("{file} is not seen any more: take it away"));
    report(&missing.chain(unused).collect::<Vec<_>>());
}
