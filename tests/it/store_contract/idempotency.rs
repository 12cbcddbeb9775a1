//! Idempotency keys: taken once, answered again, let go, and taken over from a process that died.

use otpost::domain::id::ApplicationId;
use otpost::domain::random::{OsRandom, unguessable_id};
use otpost::domain::time::Timestamp;
use otpost::store::idempotency::{Claim, HeldKey, KeptAnswer, KeyClaim};

use super::fixture::{DAY, SECOND, World, count, in_parallel, now};

fn claim(world: &World, at: Timestamp) -> KeyClaim {
    KeyClaim {
        held: HeldKey {
            application_id: world.application,
            key_hash: [7; 32],
            owner: unguessable_id(&OsRandom),
        },
        fingerprint: [1; 32],
        resource_id: unguessable_id(&OsRandom),
        now: at,
        busy_until: at + 30 * SECOND,
        expires_at: at + DAY,
    }
}

fn answer() -> KeptAnswer {
    KeptAnswer {
        status: 201,
        location: Some("/v1/verifications/ver_1".to_owned()),
        body: r#"{"id":"ver_1"}"#.to_owned(),
    }
}

async fn claimed(world: &World, claim: &KeyClaim) -> Claim {
    world.claim_key(claim.clone()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_requests_exactly_one_takes_the_key() {
    let world = World::new().await;
    let claims = in_parallel((0..50).map(|_| {
        let (store, claim) = (world.database.store(), claim(&world, now()));
        async move { store.claim_key(claim).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&claims, |claim| *claim == Claim::Taken), 1);
    assert_eq!(count(&claims, |claim| *claim == Claim::InProgress), 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_given_again() {
    let world = World::new().await;
    let first = claim(&world, now());
    assert_eq!(claimed(&world, &first).await, Claim::Taken);
    world.keep_answer(first.held.clone(), answer()).await.unwrap();
    assert_eq!(
        claimed(&world, &claim(&world, now())).await,
        Claim::Answered(answer())
    );
    assert_eq!(
        claimed(&world, &claim(&world, now() + DAY - SECOND)).await,
        Claim::Answered(answer())
    );
    assert_eq!(claimed(&world, &claim(&world, now() + DAY)).await, Claim::Taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_used_for_another_request_is_told_before_anything_else() {
    let world = World::new().await;
    let first = claim(&world, now());
    let other = KeyClaim {
        fingerprint: [2; 32],
        ..claim(&world, now())
    };
    assert_eq!(claimed(&world, &first).await, Claim::Taken);
    assert_eq!(claimed(&world, &other).await, Claim::Reused);
    world.keep_answer(first.held, answer()).await.unwrap();
    assert_eq!(claimed(&world, &other).await, Claim::Reused);
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_do_not_share_keys() {
    let world = World::new().await;
    let mut other = claim(&world, now());
    other.held.application_id = ApplicationId::unguessable(&OsRandom);
    assert_eq!(claimed(&world, &claim(&world, now())).await, Claim::Taken);
    assert_eq!(claimed(&world, &other).await, Claim::Taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_processs_key_is_taken_over_by_exactly_one_with_the_id_it_had_drawn() {
    let world = World::new().await;
    let dead = claim(&world, now());
    assert_eq!(claimed(&world, &dead).await, Claim::Taken);
    assert_eq!(
        claimed(&world, &claim(&world, now() + 29 * SECOND)).await,
        Claim::InProgress
    );
    let at = now() + 30 * SECOND;
    let claims = in_parallel((0..20).map(|_| {
        let (store, claim) = (world.database.store(), claim(&world, at));
        async move { store.claim_key(claim).await.unwrap() }
    }))
    .await;
    let taken_over = Claim::TakenOver {
        resource_id: dead.resource_id,
    };
    assert_eq!(count(&claims, |claim| *claim == taken_over), 1);
    assert_eq!(count(&claims, |claim| *claim == Claim::InProgress), 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_holder_can_neither_answer_nor_let_go() {
    let world = World::new().await;
    let former = claim(&world, now());
    assert_eq!(claimed(&world, &former).await, Claim::Taken);
    let at = now() + 30 * SECOND;
    let holder = claim(&world, at);
    assert!(matches!(claimed(&world, &holder).await, Claim::TakenOver { .. }));
    world.keep_answer(former.held.clone(), answer()).await.unwrap();
    world.release_key(former.held).await.unwrap();
    assert_eq!(claimed(&world, &claim(&world, at)).await, Claim::InProgress);
    world.keep_answer(holder.held, answer()).await.unwrap();
    assert_eq!(
        claimed(&world, &claim(&world, at)).await,
        Claim::Answered(answer())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_let_go_may_be_taken_for_another_request() {
    let world = World::new().await;
    let first = claim(&world, now());
    assert_eq!(claimed(&world, &first).await, Claim::Taken);
    world.release_key(first.held).await.unwrap();
    let other = KeyClaim {
        fingerprint: [2; 32],
        ..claim(&world, now())
    };
    assert_eq!(claimed(&world, &other).await, Claim::Taken);
}
