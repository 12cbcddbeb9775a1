//! Reading messages: pages of a list, and one message with its timeline.

use otpost::domain::id::{EnvironmentId, MessageId};
use otpost::domain::message::{Channel, MessageStatus};
use otpost::domain::random::OsRandom;
use otpost::domain::recipient::Recipient;
use otpost::store::message::{MessageFilter, StoredMessage};
use otpost::store::outbox::Outcome;

use super::fixture::{MINUTE, SECOND, World, accepted, failed, now};

fn ids(messages: &[StoredMessage]) -> Vec<MessageId> {
    messages.iter().map(|message| message.summary.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_page_by_page_newest_first() {
    let world = World::new().await;
    let mut made = Vec::new();
    for minute in 0..7 {
        let new = world.verification(minute, now() + minute * MINUTE);
        made.push(world.issue_as_is(new).await.message.id);
    }
    made.reverse();
    let mut read = Vec::new();
    loop {
        let filter = MessageFilter {
            before: read.last().copied(),
            ..MessageFilter::default()
        };
        let page = world.list_messages(world.environment, filter, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        read.extend(ids(&page));
    }
    assert_eq!(read, made);
    let elsewhere = EnvironmentId::unguessable(&OsRandom);
    let other = world
        .list_messages(elsewhere, MessageFilter::default(), 10)
        .await
        .unwrap();
    assert_eq!(other, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_what_the_filter_asks_for() {
    let world = World::new().await;
    let first = world.issued(1).await.message.id;
    let number = Recipient::from_stored(Channel::Sms, "+61491570156").unwrap();
    let by_sms = world.verification_of(&number, now() + MINUTE);
    let by_sms = world.issue_as_is(by_sms).await.message.id;
    world.settled(first, accepted()).await;
    let list = async |filter| ids(&world.list_messages(world.environment, filter, 10).await.unwrap());
    let any = MessageFilter::default;
    assert_eq!(
        list(MessageFilter {
            channel: Some(Channel::Sms),
            ..any()
        })
        .await,
        [by_sms]
    );
    assert_eq!(
        list(MessageFilter {
            channel: Some(Channel::Email),
            ..any()
        })
        .await,
        [first]
    );
    assert_eq!(
        list(MessageFilter {
            status: Some(MessageStatus::Accepted),
            ..any()
        })
        .await,
        [first]
    );
    assert_eq!(
        list(MessageFilter {
            status: Some(MessageStatus::Failed),
            ..any()
        })
        .await,
        []
    );
    assert_eq!(
        list(MessageFilter {
            since: Some(now() + MINUTE),
            ..any()
        })
        .await,
        [by_sms]
    );
    assert_eq!(
        list(MessageFilter {
            since: Some(now()),
            ..any()
        })
        .await,
        [by_sms, first]
    );
    assert_eq!(
        list(MessageFilter {
            since: Some(now() + 2 * MINUTE),
            ..any()
        })
        .await,
        []
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messages_timeline_has_all_that_happened() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let message = new.message.id;
    let find = async || {
        world
            .find_message(world.environment, message)
            .await
            .unwrap()
            .unwrap()
    };
    // Its maker is sending it: nothing is due.
    assert_eq!(find().await.due_at, None);

    let retry = world.settlement(
        message,
        Outcome::NextSender {
            lease_until: now() + 20 * SECOND,
        },
    );
    let first = retry.attempt.clone().unwrap();
    world.settle(retry).await.unwrap();
    let last = world.settlement(message, accepted());
    let second = last.attempt.clone().unwrap();
    world.settle(last).await.unwrap();
    world.guess_wrong(new.id, now() + 30 * SECOND).await;
    world.guess_right(new.id, now() + 40 * SECOND).await;

    let history = find().await;
    assert_eq!(history.attempts, [first, second]);
    assert_eq!(history.due_at, None);
    assert_eq!(history.guessed_at, [now() + 30 * SECOND, now() + 40 * SECOND]);
    assert_eq!(history.verified_at, Some(now() + 40 * SECOND));
    assert_eq!(history.canceled_at, None);
    assert_eq!(history.expires_at, new.expires_at);
    let decision: serde_json::Value = serde_json::from_str(&history.decision).unwrap();
    assert_eq!(decision, serde_json::json!({"route": ["kinde"]}));
    let stored = history.message;
    assert_eq!(stored.verification_id, Some(new.id));
    assert_eq!(stored.application_id, world.application);
    assert_eq!(stored.masked_recipient, new.masked_recipient);
    assert_eq!(stored.provider_message_id.as_deref(), Some("SM1"));
    assert_eq!((stored.created_at, stored.updated_at), (now(), now() + SECOND));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_message_of_a_verification_keeps_its_own_state() {
    let world = World::new().await;
    let new = world.issued(1).await;
    world.settled(new.message.id, failed()).await;
    let again = world.again(&new, now() + SECOND);
    world.resend(again.clone()).await.unwrap();
    world.settled(again.message.id, accepted()).await;
    let status = async |id| {
        let history = world.find_message(world.environment, id).await.unwrap().unwrap();
        history.message.summary.status
    };
    assert_eq!(status(new.message.id).await, MessageStatus::Failed);
    assert_eq!(status(again.message.id).await, MessageStatus::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_another_environment_is_not_found() {
    let world = World::new().await;
    let message = world.issued(1).await.message.id;
    let elsewhere = EnvironmentId::unguessable(&OsRandom);
    assert_eq!(world.find_message(elsewhere, message).await.unwrap(), None);
}
