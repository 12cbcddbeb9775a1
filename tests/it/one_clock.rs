//! One clock for all: a process whose clock is off, or was just set, acts on nothing, and what others have stays whole.

use std::sync::Arc;
use std::time::Duration;

use otpost::app::StartError;
use otpost::domain::keyring::KeyRing;
use otpost::domain::random::OsRandom;
use otpost::domain::time::{Clock as _, SystemClock};
use otpost::service::clock::GuardedClock;
use otpost::service::maintenance::Maintenance;
use otpost::service::reseal::Resealing;
use otpost::store::StoreError;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;

use crate::support::carriers::{events, message, message_id, number, platform};
use crate::support::clocks::MachineClock;
use crate::support::database::Database;
use crate::support::http_double::{Gate, Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::plain_http::Answer;
use crate::support::tables::Tables;
use crate::support::test_server::{ServerOptions, TestServer, code_in, wrong};
use crate::support::wait::{found, until};

mod keys;

const HOUR: i64 = 3_600;

/// Far enough ahead that codes, windows of an hour and of a day, and whatever waits have all ended.
const AHEAD: [i64; 2] = [HOUR + 60, 25 * HOUR];

/// What there is to be harmed.
struct Victims {
    /// A verification that is pending, and its code.
    pending: (String, String),
    /// One whose code has died, and that code.
    dead: (String, String),
}

async fn send(server: &TestServer, kinde: &KindeDouble, index: usize) -> (String, String) {
    let body = json!({ "connection_id": server.phone, "to": number(index), "client_ip": "203.0.113.9" });
    let answer = server.post("/v1/otp/send", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    (id, code_in(&kinde.messages().last().unwrap().body))
}

/// Makes them: besides a message that waits for its retry, a recipient who has guessed wrong, and an address that has asked.
async fn victims(server: &TestServer, kinde: &KindeDouble) -> Victims {
    let pending = send(server, kinde, 1).await;
    server.verify(&pending.0, &wrong(&pending.1)).await.expect(422);
    let dead = send(server, kinde, 2).await;
    let id = dead.0.trim_start_matches("ver_");
    let statement = if server.place.database().is_postgres() {
        format!(
            "UPDATE verifications SET created_at = created_at - interval '20 minutes', expires_at = expires_at - interval '20 minutes' WHERE id = '{id}'"
        )
    } else {
        format!(
            "UPDATE verifications SET created_at = created_at - 1200000000, expires_at = expires_at - 1200000000 WHERE id = x'{id}'"
        )
    };
    assert_eq!(server.place.database().run(statement).await.unwrap(), 1);
    let later = Reply::json(429, &json!({})).with_header("retry-after", "300");
    kinde.respond_with(Script::Reply(later));
    let waiting = server.send_sms(&number(3)).await;
    assert_eq!(waiting.json()["message"]["status"], "queued", "{}", waiting.body);
    Victims { pending, dead }
}

/// Everything that a clock could make anybody change.
async fn kept(database: &Database) -> Vec<(&'static str, &'static str, i64)> {
    let mut tables = Tables::of(database).await;
    let mut counts = Vec::new();
    for (table, condition) in [
        ("verifications", "sealed_code IS NOT NULL"),
        ("verifications", "verified_at IS NULL AND canceled_at IS NULL"),
        ("verifications", "wrong_guesses = 1"),
        ("expiries", "1 = 1"),
        ("outbox", "1 = 1"),
        ("messages", "due_at IS NOT NULL AND lease_token IS NULL"),
        ("messages", "status = 'queued'"),
        ("messages", "attempts = ''"),
        ("limit_counters", "wrong_guesses = 1"),
        ("limit_counters", "1 = 1"),
        ("records", "1 = 1"),
        ("audit_entries", "1 = 1"),
    ] {
        counts.push((table, condition, tables.count(table, condition).await));
    }
    counts
}

fn is_told_to_come_again(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.body);
    assert_eq!(answer.json()["code"], "service_unavailable", "{what}");
    assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{what}");
}

/// Everything that acts is refused by `off`, whose clock is `machine`, and changes nothing.
async fn acts_on_nothing(off: &TestServer, machine: &MachineClock, kinde: &KindeDouble, victims: &Victims) {
    let (before, sent) = (kept(off.place.database()).await, kinde.requests());
    let ((pending, code), (dead, dead_code)) = (&victims.pending, &victims.dead);
    let guess = |id: &str, code: &str| json!({ "verification_id": id, "code": code });
    let event = json!({ "event": "user.added", "source": "api", "to": ["new@example.com"] });
    for (path, body) in [
        ("/v1/otp/verify", guess(pending, code)),
        ("/v1/otp/verify", guess(pending, &wrong(code))),
        ("/v1/otp/verify", guess(dead, dead_code)),
        (
            "/v1/otp/send",
            json!({ "connection_id": off.phone, "to": number(4) }),
        ),
        ("/v1/otp/resend", json!({ "verification_id": pending })),
        ("/v1/otp/cancel", json!({ "verification_id": pending })),
        ("/v1/notifications", event),
    ] {
        is_told_to_come_again(path, &off.post(path, body).await);
        machine.set_further();
    }
    let settings = "/environments/default";
    for (method, path, body) in [
        ("PATCH", settings.to_owned(), json!({ "name": "Changed" })),
        ("POST", "/keys".to_owned(), json!({ "name": "another" })),
        (
            "POST",
            format!("{settings}/settings/sms/test"),
            json!({ "to": number(5) }),
        ),
    ] {
        is_told_to_come_again(&path, &off.admin(method, &path, body).await);
        machine.set_further();
    }
    assert_eq!(off.drain().await, 0);
    machine.set_further();
    let round = off.maintenance.round(&CancellationToken::new()).await;
    assert!(matches!(round, Err(StoreError::Clock(_))), "{round:?}");
    machine.set_further();
    assert_eq!(off.get("/readyz").await.status, 503);
    assert_eq!(off.get("/livez").await.status, 200);
    // Reading goes on, by the right time.
    machine.set_further();
    assert_eq!(off.read(pending).await["status"], "pending");
    assert_eq!(off.read(dead).await["status"], "expired");
    assert_eq!(kept(off.place.database()).await, before);
    assert_eq!(kinde.requests(), sent);
}

async fn becomes_ready(server: &TestServer) {
    until("it is ready", async || server.get("/readyz").await.status == 200).await;
}

fn moment(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().unwrap(), &Rfc3339).unwrap()
}

fn sms_by(kinde: &KindeDouble) -> ServerOptions {
    platform(kinde).set("platform.sms.monthly_test_quota", 1_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_whose_clock_is_off_acts_on_nothing_from_its_first_moment_until_it_agrees() {
    let kinde = KindeDouble::start().await;
    let server = sms_by(&kinde).start().await;
    if !server.place.database().is_postgres() {
        // A file has no clock that a machine's could disagree with.
        return;
    }
    let victims = victims(&server, &kinde).await;
    let behind = [-HOUR, -3];
    for ahead in AHEAD.into_iter().chain(behind) {
        let machine = Arc::new(MachineClock::default());
        machine.set_ahead(ahead);
        let off = server.replica(sms_by(&kinde).on_a_machine(&machine)).await;
        acts_on_nothing(&off, &machine, &kinde, &victims).await;
        machine.set_ahead(0);
        becomes_ready(&off).await;
        off.stop().await;
    }
    let (id, code) = &victims.pending;
    assert_eq!(server.verify(id, code).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_is_noticed_by_the_very_next_action() {
    let kinde = KindeDouble::start().await;
    for ahead in AHEAD.into_iter().chain([-HOUR]) {
        let machine = Arc::new(MachineClock::default());
        let server = sms_by(&kinde).on_a_machine(&machine).start().await;
        let victims = victims(&server, &kinde).await;
        assert_eq!(server.get("/readyz").await.status, 200);
        machine.set_ahead(ahead);
        acts_on_nothing(&server, &machine, &kinde, &victims).await;
        machine.set_ahead(0);
        becomes_ready(&server).await;
        let (id, code) = &victims.pending;
        assert_eq!(server.verify(id, code).await.status, 200);
        let (id, code) = &victims.dead;
        assert_eq!(server.verify(id, code).await.json()["code"], "expired_code");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_was_handed_before_the_clock_was_set_is_recorded_with_the_right_time() {
    let kinde = KindeDouble::start().await;
    for ahead in [25 * HOUR, -HOUR] {
        let machine = Arc::new(MachineClock::default());
        let server = sms_by(&kinde).on_a_machine(&machine).start().await;
        let before = kinde.requests();
        let gate = Gate::default();
        kinde.respond_with(Script::Hold(gate.clone()));
        let body = json!({ "connection_id": server.phone, "to": number(1) }).to_string();
        let (key, prefer) = (&server.application_key, ["prefer: respond-async"]);
        let answer = server.request("POST", "/v1/otp/send", key, &prefer, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        until("the provider is asked", async || kinde.requests() > before).await;
        machine.set_ahead(ahead);
        is_told_to_come_again("send", &server.send_sms(&number(2)).await);
        gate.open();
        let id = message_id(&answer);
        let settled = found("the message is settled", async || {
            let message = message(&server, &id).await;
            (message["status"] != "queued").then_some(message)
        })
        .await;
        assert_eq!(settled["status"], "accepted", "{settled}");
        assert_eq!(events(&settled, "attempt").len(), 1, "{settled}");
        let took = moment(&settled["updated_at"]) - moment(&settled["created_at"]);
        assert!((0..600).contains(&took.whole_seconds()), "{settled}");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_by_a_clock_that_is_off_is_refused_and_makes_nothing() {
    for ahead in [HOUR, -HOUR] {
        let machine = Arc::new(MachineClock::default());
        machine.set_ahead(ahead);
        let started = ServerOptions::default().on_a_machine(&machine).try_start().await;
        match started {
            // A file has no clock that a machine's could disagree with.
            Ok(server) => assert!(!server.place.database().is_postgres()),
            Err(error) => {
                assert!(matches!(error, StartError::ClockIsOff), "{error:?}");
                assert_eq!(error.to_string().lines().count(), 1);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_of_maintenance_ends_at_the_next_batch_when_the_process_stops() {
    let kinde = KindeDouble::start().await;
    let server = sms_by(&kinde).start().await;
    victims(&server, &kinde).await;
    let (place, clock) = (Arc::clone(&server.place), Arc::clone(&server.clock));
    // Nobody but this test looks after the database from here on.
    server.stop().await;
    clock.advance(Duration::from_hours(25));
    let store = place.database().store();
    let keys = KeyRing::generate(&OsRandom, clock.now());
    let resealing = Resealing::new(Arc::new(keys), Arc::new(OsRandom));
    let guarded = Arc::new(GuardedClock::new(clock, Arc::new(SystemClock)));
    guarded.look(&store).await.unwrap();
    let maintenance = Maintenance::new(store, guarded, Duration::from_hours(24), resealing);
    let (before, stop) = (kept(place.database()).await, CancellationToken::new());
    stop.cancel();
    assert_eq!(maintenance.round(&stop).await.unwrap(), 0);
    assert_eq!(kept(place.database()).await, before);
    assert!(maintenance.round(&CancellationToken::new()).await.unwrap() > 0);
    assert_ne!(kept(place.database()).await, before);
}
