//! What handlers work with.

use std::sync::Arc;
use std::time::Duration;

use super::failed_auth::FailedAuthentications;
use super::last_used::LastUsed;
use crate::service::administration::Administration;
use crate::service::clock::GuardedClock;
use crate::service::directory::Directory;
use crate::service::dispatch::Dispatcher;
use crate::service::{notification, otp, test_message};
use crate::store::SharedStore;

/// The services behind the endpoints.
pub struct Services {
    /// One-time codes.
    pub otp: otp::Service,
    /// Notifications.
    pub notifications: notification::Service,
    /// Changes by administrators.
    pub administration: Administration,
    /// Tests of settings.
    pub test_messages: test_message::Service,
    /// Environments, applications, connections and keys, as of now.
    pub directory: Arc<Directory>,
    /// Messages on their way.
    pub dispatcher: Arc<Dispatcher>,
    /// What is kept.
    pub store: SharedStore,
    /// The time of day.
    pub clock: Arc<GuardedClock>,
    /// Counts failed authentications by address.
    pub failed_authentications: Arc<FailedAuthentications>,
    /// Remembers which keys were used.
    pub last_used: Arc<LastUsed>,
    /// How long an answer waits for the provider.
    pub wait: Duration,
}
