//! What its caller gives up.

use std::time::Duration;

use crate::support::test_server::{TestServer, wrong};

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_verification_takes_no_code() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    let canceled = server.cancel(&id).await.expect(200);
    assert_eq!(canceled["status"], "canceled");
    assert_eq!(canceled["id"], id);
    server
        .verify(&id, &code)
        .await
        .expect_problem(410, "verification_canceled");
    assert_eq!(server.cancel(&id).await.expect(200)["status"], "canceled");
    assert_eq!(server.read(&id).await["status"], "canceled");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_otherwise_stays_as_it_is() {
    let server = TestServer::start().await;
    let (verified, code) = server.sent_code("+61466043123").await;
    server.verify(&verified, &code).await.expect(200);
    let (expired, _) = server.sent_code("+61466043123").await;
    let (locked, code) = server.sent_code("+61466043123").await;
    for _ in 0..5 {
        server
            .verify(&locked, &wrong(&code))
            .await
            .expect_problem(422, "incorrect_code");
    }
    server
        .cancel(&verified)
        .await
        .expect_problem(409, "already_verified");
    server.clock.advance(Duration::from_mins(10));
    server.cancel(&expired).await.expect_problem(410, "expired_code");
    assert_eq!(server.read(&verified).await["status"], "verified");
    assert_eq!(server.read(&expired).await["status"], "expired");
    assert_eq!(server.read(&locked).await["status"], "locked");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_guess_and_a_cancel_at_once_one_wins() {
    let server = TestServer::start().await;
    for number in 0..8 {
        let (id, code) = server.sent_code(&format!("+6146604312{number}")).await;
        let (verified, canceled) = tokio::join!(server.verify(&id, &code), server.cancel(&id));
        let status = server.read(&id).await["status"].clone();
        if verified.status == 200 {
            canceled.expect_problem(409, "already_verified");
            assert_eq!(status, "verified");
        } else {
            verified.expect_problem(410, "verification_canceled");
            assert_eq!(canceled.expect(200)["status"], "canceled");
            assert_eq!(status, "canceled");
        }
    }
    server.stop().await;
}
