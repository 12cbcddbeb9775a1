//! What the service does, over the traits of the store and of the providers.

pub mod actor;
pub mod administration;
pub mod clock;
pub mod directory;
pub mod dispatch;
pub mod first_start;
pub mod key_pruning;
pub mod maintenance;
pub mod manifest;
pub mod notification;
pub mod otp;
pub mod render;
pub mod reseal;
pub mod route;
pub mod settings;
pub mod test_message;

use std::sync::Arc;

use crate::domain::keyring::KeyRing;
use crate::domain::random::Random;
use crate::store::SharedStore;

/// What the services work with, all with the same.
#[derive(Clone)]
pub struct Parts {
    /// What is kept.
    pub store: SharedStore,
    /// Environments, applications, connections and keys, as of now.
    pub directory: Arc<directory::Directory>,
    /// What is hashed and sealed with.
    pub keys: Arc<KeyRing>,
    /// The time.
    pub clock: Arc<clock::GuardedClock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}
