//! Notifications in the store: made whole or not at all, counted per recipient, taken by one process, and removed.

use otpost::domain::id::{MessageId, NotificationId};
use otpost::domain::limit;
use otpost::domain::locale::Locale;
use otpost::domain::message::{Channel, MessageStatus};
use otpost::domain::notification::{
    NotificationDecision, NotificationEvent, NotificationOutcome, NotificationSource,
};
use otpost::domain::purpose::MessagePurpose;
use otpost::domain::random::OsRandom;
use otpost::domain::recipient::RecipientRow;
use otpost::domain::time::Timestamp;
use otpost::store::message::MessageFilter;
use otpost::store::notification::{NewMessages, NewNotification, NewRecipient, Notify, StoredNotification};
use otpost::store::outbox::{Claimed, Lease, Outcome, Queue, Settled, StoredPayload};

use super::fixture::{
    DAY, HOUR, KEYS, MINUTE, SECOND, World, accepted, count, failed, in_parallel, lease, now, recipient,
};
use super::idempotency::keyed_request;

/// A warning to these users, made at `at`, of which each may have `per_day`.
pub fn warning(world: &World, users: &[u32], at: Timestamp, per_day: u32) -> NewNotification {
    let id = NotificationId::time_ordered(&OsRandom, at);
    let new_recipient = |(number, user): (u16, &u32)| {
        let recipient = recipient(*user);
        let recipient_key = world.key(&recipient);
        let row = RecipientRow::Notification(id, number);
        NewRecipient {
            recipient_key,
            limit_key: limit::notification_key(&KEYS, recipient_key),
            sealed_recipient: recipient.seal(KEYS.in_use(at), &OsRandom, row),
            masked_recipient: recipient.masked(),
        }
    };
    let (event, source) = (NotificationEvent::DataExportRequested, NotificationSource::Api);
    NewNotification {
        id,
        environment_id: world.environment,
        application_id: world.application,
        event,
        source,
        decision: NotificationDecision::on(event, source),
        locale: None,
        sealed_data: b"sealed".to_vec(),
        recipients: (1..).zip(users).map(new_recipient).collect(),
        messages: Some(NewMessages {
            ids: users
                .iter()
                .map(|_| MessageId::time_ordered(&OsRandom, at))
                .collect(),
            lease: Lease {
                token: world.token,
                until: at + 15 * SECOND,
            },
            language: Locale::En,
            decision: r#"{"route":["platform"]}"#.to_owned(),
            per_day,
        }),
        request: None,
        created_at: at,
        expires_at: at + DAY,
    }
}

pub fn ids(new: &NewNotification) -> Vec<MessageId> {
    new.messages.as_ref().unwrap().ids.clone()
}

fn payload(claimed: &Claimed) -> &StoredNotification {
    match &claimed.payload {
        StoredPayload::Notification(notification) => notification,
        other @ StoredPayload::Code(_) => panic!("{other:?}"),
    }
}

pub async fn made(world: &World, new: NewNotification) -> NewNotification {
    assert_eq!(world.notify(new.clone()).await.unwrap(), Notify::Made);
    new
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_made_with_its_messages_in_their_order_and_found_by_its_application() {
    let world = World::new().await;
    let new = made(&world, warning(&world, &[3, 1, 2], now(), 20)).await;
    let found = world
        .find_notification(world.application, new.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.event, found.source), (new.event, new.source));
    assert_eq!((found.outcome, found.reason), (NotificationOutcome::Sent, None));
    let found_ids: Vec<_> = found.messages.iter().map(|message| message.id).collect();
    assert_eq!(found_ids, ids(&new));
    assert!(
        found
            .messages
            .iter()
            .all(|message| message.status == MessageStatus::Queued)
    );
    let stranger = otpost::domain::id::ApplicationId::time_ordered(&OsRandom, now());
    assert_eq!(world.find_notification(stranger, new.id).await.unwrap(), None);
    let history = world
        .find_message(world.environment, ids(&new)[0])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(history.message.purpose, MessagePurpose::Notification(new.event));
    assert_eq!(history.message.notification_id, Some(new.id));
    assert_eq!(history.message.verification_id, None);
    assert_eq!(
        (history.expires_at, history.guessed_at.len()),
        (new.expires_at, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn its_messages_are_taken_apart_from_codes_and_by_one_process_each() {
    let world = World::new().await;
    let code = world.issued(1).await;
    let users: Vec<u32> = (0..50).collect();
    let new = made(&world, warning(&world, &users, now(), 20)).await;
    let due = now() + 15 * SECOND;
    assert_eq!(
        world
            .claim_due(Queue::Notification, due - SECOND, lease(due), 100)
            .await
            .unwrap()
            .len(),
        0
    );
    let codes = world
        .claim_due(Queue::Code(Channel::Email), due, lease(due + 15 * SECOND), 100)
        .await
        .unwrap();
    assert_eq!(
        codes.iter().map(|one| one.message_id).collect::<Vec<_>>(),
        [code.message.id]
    );
    let shares = in_parallel((0..8).map(|_| {
        let store = world.database.store();
        async move {
            let mut share = Vec::new();
            loop {
                let held = lease(due + 15 * SECOND);
                let taken = store.claim_due(Queue::Notification, due, held, 5).await.unwrap();
                if taken.is_empty() {
                    return share;
                }
                share.extend(taken);
            }
        }
    }))
    .await;
    let taken: Vec<_> = shares.into_iter().flatten().collect();
    let mut taken_ids: Vec<_> = taken.iter().map(|one| one.message_id).collect();
    let mut made_ids = ids(&new);
    taken_ids.sort_unstable();
    made_ids.sort_unstable();
    assert_eq!(taken_ids, made_ids);
    let one = &taken[0];
    assert!(one.possible_duplicate && !one.taken_over_before && one.attempts == 0);
    for one in &taken {
        let payload = payload(one);
        assert_eq!(payload.notification_id, new.id);
        assert_eq!(payload.environment_id, world.environment);
        assert_eq!(payload.event, new.event);
        assert_eq!(payload.sealed_data.as_deref(), Some(&b"sealed"[..]));
        assert_eq!(payload.expires_at, new.expires_at);
        let position = ids(&new).iter().position(|id| *id == one.message_id).unwrap();
        assert_eq!(usize::from(payload.recipient_number), position + 1);
        assert_eq!(
            payload.sealed_recipient,
            new.recipients[position].sealed_recipient
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_settled_like_any_other_and_a_failure_gives_its_place_back() {
    let world = World::new().await;
    let new = made(&world, warning(&world, &[1, 2], now(), 1)).await;
    let [first, second] = ids(&new)[..] else {
        panic!("two")
    };
    world.settled(first, accepted()).await;
    let again = |users: &[u32]| warning(&world, users, now() + MINUTE, 1);
    let limited = Notify::Limited {
        resets_at: now() + DAY,
    };
    assert_eq!(world.notify(again(&[2])).await.unwrap(), limited);
    world.settled(second, failed()).await;
    assert_eq!(
        world.settle(world.settlement(second, failed())).await.unwrap(),
        Settled::LeaseLost
    );
    let found = world
        .find_notification(world.application, new.id)
        .await
        .unwrap()
        .unwrap();
    let statuses: Vec<_> = found.messages.iter().map(|message| message.status).collect();
    assert_eq!(statuses, [MessageStatus::Accepted, MessageStatus::Failed]);
    // All or nothing: the one that is free is not counted for the one that is not.
    for _ in 0..2 {
        assert_eq!(world.notify(again(&[2, 1])).await.unwrap(), limited);
    }
    let third = made(&world, again(&[2])).await;
    assert_eq!(
        world.notify(again(&[2])).await.unwrap(),
        Notify::Limited {
            resets_at: now() + MINUTE + DAY
        }
    );
    // A window that is over takes nothing back from the next one.
    world.settled(ids(&third)[0], Outcome::RetryAt(now() + DAY)).await;
    let next_day = now() + MINUTE + DAY;
    made(&world, warning(&world, &[2], next_day, 1)).await;
    let held = lease(next_day + 15 * SECOND);
    world
        .claim_due(Queue::Notification, next_day, held, 10)
        .await
        .unwrap();
    let mut late = world.settlement(ids(&third)[0], Outcome::Expired);
    late.token = held.token;
    assert_eq!(world.settle(late).await.unwrap(), Settled::Recorded);
    let outcome = world.notify(warning(&world, &[2], next_day, 1)).await.unwrap();
    assert_eq!(
        outcome,
        Notify::Limited {
            resets_at: next_day + DAY
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn eighty_at_once_to_the_same_two_leave_none_over_the_limit() {
    let world = World::new().await;
    let outcomes = in_parallel((0..80).map(|n| {
        let users = if n % 2 == 0 { [1, 2] } else { [2, 1] };
        let new = warning(&world, &users, now(), 20);
        let store = world.database.store();
        async move { store.notify(new).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Notify::Made), 20);
    let listed = world
        .list_messages(world.environment, MessageFilter::default(), 100)
        .await
        .unwrap();
    assert_eq!(listed.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_suppressed_has_no_messages_and_is_not_counted() {
    let world = World::new().await;
    for _ in 0..3 {
        let mut new = warning(&world, &[1, 2], now(), 1);
        (new.event, new.source) = (NotificationEvent::UserAdded, NotificationSource::Import);
        new.decision = NotificationDecision::on(new.event, new.source);
        new.messages = None;
        let new = made(&world, new).await;
        let found = world
            .find_notification(world.application, new.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.outcome, found.reason),
            (NotificationOutcome::Suppressed, new.decision.reason())
        );
        assert_eq!(found.messages, []);
    }
    made(&world, warning(&world, &[1, 2], now(), 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_says_is_wiped_and_it_is_removed_after_its_messages() {
    let world = World::new().await;
    let old = made(&world, warning(&world, &[1], now(), 20)).await;
    world.settled(ids(&old)[0], accepted()).await;
    let recent_at = now() + 40 * DAY;
    let recent = made(&world, warning(&world, &[2], recent_at, 20)).await;
    assert_eq!(
        world
            .wipe_expired_notifications(now() + DAY - SECOND, 10)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        world.wipe_expired_notifications(now() + DAY, 10).await.unwrap(),
        1
    );
    while world.remove_old(now() + DAY, recent_at + HOUR, 1).await.unwrap() > 0 {}
    assert_eq!(
        world.find_notification(world.application, old.id).await.unwrap(),
        None
    );
    assert_eq!(
        world.find_message(world.environment, ids(&old)[0]).await.unwrap(),
        None
    );
    let left = world
        .find_notification(world.application, recent.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(left.messages.len(), 1);
    let outcome = world.notify(warning(&world, &[2], recent_at, 1)).await.unwrap();
    assert_eq!(
        outcome,
        Notify::Limited {
            resets_at: recent_at + DAY
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyed_notification_is_made_and_counted_once() {
    let world = World::new().await;
    let keyed = |users: &[u32], request| NewNotification {
        request: Some(request),
        ..warning(&world, users, now(), 1)
    };
    let first = made(&world, keyed(&[1, 2], keyed_request(1, 1))).await;
    // Though the recipients' limits are used up by now.
    let again = world.notify(keyed(&[1, 2], keyed_request(1, 1))).await.unwrap();
    assert_eq!(again, Notify::Repeated(first.id));
    let other = world.notify(keyed(&[3], keyed_request(1, 2))).await.unwrap();
    assert_eq!(other, Notify::KeyReused);
    let found = world.find_notification_by_key([1; 16]).await.unwrap();
    assert_eq!(found, Some((first.id, [1; 16])));
    assert_eq!(world.find_notification_by_key([2; 16]).await.unwrap(), None);
    made(&world, keyed(&[3], keyed_request(2, 2))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_copies_of_a_notification_one_is_made() {
    let world = World::new().await;
    let outcomes = in_parallel((0..50).map(|_| {
        let store = world.database.store();
        let copy = NewNotification {
            request: Some(keyed_request(1, 1)),
            ..warning(&world, &[2, 1], now(), 1)
        };
        async move { store.notify(copy).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Notify::Made), 1);
    let (id, _) = world.find_notification_by_key([1; 16]).await.unwrap().unwrap();
    assert_eq!(count(&outcomes, |outcome| *outcome == Notify::Repeated(id)), 49);
}
