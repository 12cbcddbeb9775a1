//! A verification of a release that knows more: this one leaves it alone, and another process can answer for it.

use std::time::Duration;

use crate::support::test_server::{TestServer, wrong};

#[tokio::test(flavor = "multi_thread")]
async fn what_this_release_cannot_read_is_answered_503_and_nothing_of_it_changes() {
    let server = TestServer::start().await;
    let write = async |assignment: &str| {
        let statement = format!("UPDATE verifications SET {assignment}");
        assert_eq!(server.place.database().run(statement).await.unwrap(), 1);
    };
    let (id, code) = server.sent_code("+61466043123").await;
    let before = server.read(&id).await;
    server.clock.advance(Duration::from_secs(30));
    // In a form that only a newer release knows; the old one is put aside in a column that nothing here reads.
    let newer = server.place.database().bytes(&[9; 60]);
    let seal = format!("body_hash = sealed_recipient, sealed_recipient = {newer}");
    for (unreadable, readable) in [
        ("purpose = 'passkey_enroll'", "purpose = 'sign_in'"),
        ("channel = 'pigeon'", "channel = 'sms'"),
        (seal.as_str(), "sealed_recipient = body_hash, body_hash = NULL"),
        ("locale = '!'", "locale = NULL"),
    ] {
        write(unreadable).await;
        let mut answers = vec![server.resend(&id).await];
        if unreadable != seal {
            answers.push(server.get(&format!("/v1/otp/{id}")).await);
        }
        // What need not be read for an answer is in nobody's way on Postgres.
        if unreadable.starts_with("purpose") || unreadable.starts_with("channel") {
            answers.push(server.verify(&id, &wrong(&code)).await);
            answers.push(server.verify(&id, &code).await);
            answers.push(server.cancel(&id).await);
        }
        for answer in answers {
            answer.expect_problem(503, "service_unavailable");
        }
        write(readable).await;
        assert_eq!(server.read(&id).await, before, "{unreadable}");
    }
    server.resend(&id).await.expect(200);
    assert_eq!(server.last_code(), code);
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}
