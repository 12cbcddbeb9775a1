//! The key of a request whose process has died.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_processs_key_is_taken_over_and_finds_what_was_made() {
    let double = KindeDouble::start().await;
    double.respond_with(Script::Hang);
    let server = through(&double).start().await;
    let (sent, address) = (body(&server, "+61466043123"), server.application_key.clone());
    let survivor = server.replica(through(&double)).await;
    {
        let request = send_under(&server, "k", &sent);
        let arrival = async {
            while double.requests() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            answer = request => panic!("answered {answer:?}"),
            () = arrival => {}
        }
    }
    server.crash();
    assert_eq!(address, survivor.application_key);
    send_under(&survivor, "k", &sent)
        .await
        .expect_problem(409, "request_in_progress");
    let made = survivor.messages().await;
    assert_eq!(made.len(), 1);
    survivor.clock.advance(Duration::from_secs(21));
    let found = send_under(&survivor, "k", &sent).await;
    let body = found.expect(201);
    assert_eq!(body["id"], made[0]["verification_id"]);
    assert_eq!(
        found.header("location"),
        format!("/v1/otp/{}", body["id"].as_str().unwrap())
    );
    assert_eq!(survivor.messages().await.len(), 1);
    are_the_same(&found, &send_under(&survivor, "k", &sent).await);
    survivor.stop().await;
}
