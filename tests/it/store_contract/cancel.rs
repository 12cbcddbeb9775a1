//! Canceling: a verification ended by its caller, once and for good.

use otpost::domain::id::ApplicationId;
use otpost::domain::random::OsRandom;
use otpost::domain::verification::VerificationStatus;
use otpost::store::verification::{Cancel, Check};

use super::fixture::{MINUTE, World, now};

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_verification_stays_canceled_and_its_code_is_wiped() {
    let world = World::new().await;
    let id = world.issued(1).await.id;
    let at = now() + MINUTE;
    let Cancel::Canceled(canceled) = world.cancel(world.application, id, at).await.unwrap() else {
        panic!("it was pending");
    };
    assert_eq!(canceled.canceled_at, Some(at));
    let stored = world.found(id).await;
    assert_eq!((&stored.verification, &stored.sealed_code), (&*canceled, &None));
    assert_eq!(stored.verification.status(at), VerificationStatus::Canceled);
    assert_eq!(world.guess_right(id, at).await, Check::Canceled);
    assert_eq!(world.count_pending(world.environment, at).await.unwrap(), 0);
    // Again, and after its life: as before.
    let again = world
        .cancel(world.application, id, at + 20 * MINUTE)
        .await
        .unwrap();
    assert_eq!(again, Cancel::Canceled(canceled));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_cannot_be_canceled() {
    let world = World::new().await;
    let (verified, expired) = (world.issued(1).await.id, world.issued(1).await);
    assert!(matches!(
        world.guess_right(verified, now()).await,
        Check::Verified(_)
    ));
    let cancel = async |id, at| world.cancel(world.application, id, at).await.unwrap();
    assert_eq!(cancel(verified, now()).await, Cancel::AlreadyVerified);
    assert_eq!(cancel(expired.id, expired.expires_at).await, Cancel::Expired);
    let stranger = ApplicationId::unguessable(&OsRandom);
    let outcome = world.cancel(stranger, expired.id, now()).await.unwrap();
    assert_eq!(outcome, Cancel::NotFound);
    assert_eq!(world.find(stranger, expired.id).await.unwrap(), None);
}
