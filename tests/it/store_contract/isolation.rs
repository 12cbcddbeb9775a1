//! Operations that are carried out together do not feel each other's failures.

use otpost::domain::time::SystemClock;
use otpost::domain::verification::VerificationStatus;
use otpost::store::message::MessageFilter;
use otpost::store::verification::{Issue, SendLimits};

use super::fixture::{RIGHT, WIDE, WRONG, World, count, in_parallel, now, quota};

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_fails_harms_no_other_and_leaves_nothing() {
    let world = World::new().await;
    let existing = world.issued(1).await;
    let outcomes = in_parallel((0..100).map(|number| {
        let mut new = world.verification(2, now());
        new.message.quota = Some(quota(1_000));
        if number % 2 == 0 {
            // Its id is taken, so its row cannot be made, after its limits were counted.
            new.id = existing.id;
        }
        let store = world.database.store();
        async move { (number % 2 == 0, store.issue(new).await) }
    }))
    .await;
    for (is_doomed, outcome) in &outcomes {
        match outcome {
            Ok(outcome) => assert!(!is_doomed && *outcome == Issue::Issued, "{outcome:?}"),
            Err(error) => assert!(is_doomed, "{error:?}"),
        }
    }
    assert_eq!(count(&outcomes, |(_, outcome)| outcome.is_ok()), 50);
    let used = world
        .used(world.environment, quota(0).counter, quota(0).month)
        .await
        .unwrap();
    assert_eq!(used, 50);
    let mut last = world.verification(2, now());
    last.limits = SendLimits { per_hour: 51, ..WIDE };
    let mut one_too_many = world.verification(2, now());
    one_too_many.limits = last.limits;
    world.issue_as_is(last).await;
    assert!(matches!(
        world.issue(one_too_many).await.unwrap(),
        Issue::Refused(_)
    ));
    let listed = world
        .list_messages(world.environment, MessageFilter::default(), 200)
        .await
        .unwrap();
    assert_eq!(listed.len(), 52);
    assert_eq!(
        world.found(existing.id).await.sealed_recipient,
        existing.sealed_recipient
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_stops_waiting_harms_no_other() {
    let world = World::new().await;
    let ids: Vec<_> = {
        let mut ids = Vec::new();
        for user in 0..20 {
            ids.push(world.issued(user).await.id);
        }
        ids
    };
    let mut callers = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let code = if number % 2 == 0 { WRONG } else { RIGHT };
        let (store, guess) = (world.database.store(), world.guess(*id, code, now()));
        let caller = tokio::spawn(async move { store.check(guess).await });
        if number % 2 == 0 {
            tokio::task::yield_now().await;
            caller.abort();
        } else {
            callers.push(caller);
        }
    }
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    for (number, id) in ids.iter().enumerate() {
        let verification = world.found(*id).await.verification;
        let expected = if number % 2 == 0 {
            VerificationStatus::Pending
        } else {
            VerificationStatus::Verified
        };
        assert_eq!(verification.status(now()), expected);
        assert!(verification.wrong_guesses <= 1);
    }
    world.issued(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_cannot_tell() {
    let world = World::new().await;
    let existing = world.issued(1).await;
    world.close().await;
    assert!(world.issue(world.verification(1, now())).await.is_err());
    assert!(world.find(world.application, existing.id).await.is_err());
    assert!(world.probe(&SystemClock).await.is_err());
    let again = world.database.second_store().await;
    assert!(
        again
            .find(world.application, existing.id)
            .await
            .unwrap()
            .is_some()
    );
    again.close().await;
}
