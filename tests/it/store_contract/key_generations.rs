//! Whether the keys file fits the database.

use otpost::domain::keyring::{Fingerprint, GenerationId};

use super::fixture::{World, now};

fn generation(number: i32, byte: u8) -> Fingerprint {
    Fingerprint {
        generation: GenerationId::new(number).unwrap(),
        value: [byte; 32],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_file_that_fitted_fits_again_and_through_rotations() {
    let world = World::new().await;
    let fits = async |keys: Vec<Fingerprint>| world.fit_keys(keys, now()).await.unwrap();
    assert!(fits(vec![generation(1, 1)]).await);
    world.issued(1).await;
    assert!(fits(vec![generation(1, 1)]).await);
    assert!(fits(vec![generation(2, 2), generation(1, 1)]).await);
    assert!(fits(vec![generation(3, 3), generation(2, 2)]).await);
    assert!(fits(vec![generation(3, 3)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_keys_file_does_not_fit_what_was_written_under_the_first() {
    let world = World::new().await;
    let fits = async |keys: Vec<Fingerprint>| world.fit_keys(keys, now()).await.unwrap();
    assert!(fits(vec![generation(1, 1)]).await);
    world.issued(1).await;
    assert!(!fits(vec![generation(1, 9)]).await);
    assert!(!fits(vec![generation(2, 9)]).await);
    // A refused file leaves no trace that would let it in the second time.
    assert!(!fits(vec![generation(2, 9)]).await);
    assert!(fits(vec![generation(1, 1)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nothing_was_written_under_may_be_lost() {
    let world = World::new().await;
    let fits = async |keys: Vec<Fingerprint>| world.fit_keys(keys, now()).await.unwrap();
    assert!(fits(vec![generation(1, 1)]).await);
    assert!(fits(vec![generation(1, 9)]).await);
    world.issued(1).await;
    assert!(!fits(vec![generation(1, 1)]).await);
    assert!(fits(vec![generation(1, 9)]).await);
}
