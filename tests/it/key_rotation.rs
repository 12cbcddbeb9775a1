//! Rotation of the keys beside running processes: what one with the new keys makes, and what one without them does with it.

use std::time::Duration;

use crate::support::carriers::number;
use crate::support::test_server::{ServerOptions, TestServer, wrong};

mod messages;
mod pruning;
mod rolling;
mod settings;

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// A second server that has new keys, of which the first knows nothing, and writes under them.
async fn ahead(server: &TestServer, options: ServerOptions) -> TestServer {
    server.place.rotate_keys(Duration::ZERO);
    server.replica(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_outlive_every_rotation() {
    let server = TestServer::start().await;
    let (first, code) = server.sent_code(&number(1)).await;
    let (second, other) = server.sent_code(&number(1)).await;
    server.place.rotate_keys(Duration::ZERO);
    server.place.rotate_keys(Duration::ZERO);
    let rotated = server.replica(ServerOptions::default()).await;
    rotated
        .verify(&first, &wrong(&code))
        .await
        .expect_problem(422, "incorrect_code");
    rotated.verify(&first, &code).await.expect(200);
    rotated.clock.advance(Duration::from_secs(30));
    rotated.resend(&second).await.expect(200);
    assert_eq!(rotated.last_code(), other);
    rotated.verify(&second, &other).await.expect(200);
    for server in [rotated, server] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn until_its_time_comes_a_generation_is_only_accepted() {
    let server = TestServer::start().await;
    server.place.rotate_keys(HOUR);
    let early = server.replica(ServerOptions::default()).await;
    let (id, code) = early.sent_code(&number(1)).await;
    server.verify(&id, &code).await.expect(200);
    server.clock.advance(Duration::from_mins(59));
    let (id, code) = early.sent_code(&number(1)).await;
    server.verify(&id, &code).await.expect(200);
    // Without a restart, by the clock alone.
    server.clock.advance(MINUTE);
    let (id, code) = early.sent_code(&number(1)).await;
    server
        .verify(&id, &code)
        .await
        .expect_problem(503, "service_unavailable");
    early.verify(&id, &code).await.expect(200);
    for server in [early, server] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_the_keys_of_a_code_counts_nothing_and_ends_nothing() {
    let server = TestServer::start().await;
    let ahead = ahead(&server, ServerOptions::default()).await;
    let (id, code) = ahead.sent_code(&number(1)).await;
    let before = server.read(&id).await;
    for guess in [&wrong(&code), &code, &wrong(&code)] {
        let answer = server.verify(&id, guess).await;
        answer.expect_problem(503, "service_unavailable");
    }
    // What can be told without the keys is told.
    server
        .verify(&id, "1234567")
        .await
        .expect_problem(422, "incorrect_code_length");
    server.clock.advance(Duration::from_secs(30));
    let resent = server.resend(&id).await;
    resent.expect_problem(503, "service_unavailable");
    assert_eq!(server.read(&id).await, before);
    ahead.resend(&id).await.expect(200);
    assert_eq!(ahead.last_code(), code);
    ahead.verify(&id, &code).await.expect(200);
    server
        .verify(&id, &code)
        .await
        .expect_problem(409, "already_verified");
    for server in [ahead, server] {
        server.stop().await;
    }
}

/// Where a resend is refused anyway, the reason is said: waiting for another process would not help.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_said_without_its_keys() {
    let server = TestServer::start().await;
    let ahead = ahead(&server, ServerOptions::default()).await;
    let (id, code) = ahead.sent_code(&number(1)).await;
    ahead.cancel(&id).await.expect(200);
    server
        .verify(&id, &code)
        .await
        .expect_problem(410, "verification_canceled");
    server
        .resend(&id)
        .await
        .expect_problem(410, "verification_canceled");
    let (id, code) = ahead.sent_code(&number(1)).await;
    server.cancel(&id).await.expect(200);
    ahead
        .verify(&id, &code)
        .await
        .expect_problem(410, "verification_canceled");
    for server in [ahead, server] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_a_form_that_this_release_does_not_know_is_no_wrong_guess() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code(&number(1)).await;
    let before = server.read(&id).await;
    let set = async |change: &str| {
        let statement = format!("UPDATE verifications SET {change}");
        assert_eq!(server.place.database().run(statement).await.unwrap(), 1);
    };
    let (longer, version) = if server.place.database().is_postgres() {
        (
            "code_mac = code_mac || '\\x00'",
            "sealed_code = set_byte(sealed_code, 0, 2)",
        )
    } else {
        (
            "code_mac = CAST(code_mac || x'00' AS BLOB)",
            "sealed_code = CAST(x'02' || substr(sealed_code, 2) AS BLOB)",
        )
    };
    set(longer).await;
    server
        .verify(&id, &code)
        .await
        .expect_problem(503, "service_unavailable");
    set(version).await;
    server.clock.advance(Duration::from_secs(30));
    server
        .resend(&id)
        .await
        .expect_problem(503, "service_unavailable");
    assert_eq!(server.read(&id).await, before);
    server.stop().await;
}
