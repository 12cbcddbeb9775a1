//! How many messages are under way at once, each kind for itself: a provider of text messages that hangs must not keep
//! an email waiting, nor a hundred invitations a code.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::message::Channel;
use crate::store::outbox::Queue;

/// Messages of one channel under way at once in one process.
const WIDTH: usize = 256;

/// Notifications under way at once in one process. They have time, and share the platform's sender with codes.
const WIDTH_OF_NOTIFICATIONS: usize = 32;

/// The lanes.
pub(super) struct Lanes {
    sms: Arc<Semaphore>,
    email: Arc<Semaphore>,
    notification: Arc<Semaphore>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            sms: Arc::new(Semaphore::new(WIDTH)),
            email: Arc::new(Semaphore::new(WIDTH)),
            notification: Arc::new(Semaphore::new(WIDTH_OF_NOTIFICATIONS)),
        }
    }
}

impl Lanes {
    /// Waits for a place; `None` once the lanes are closed.
    pub(super) async fn enter(&self, queue: Queue) -> Option<OwnedSemaphorePermit> {
        Arc::clone(self.of(queue)).acquire_owned().await.ok()
    }

    /// How many places are free.
    pub(super) fn free(&self, queue: Queue) -> u32 {
        let lane = self.of(queue);
        if lane.is_closed() {
            return 0;
        }
        u32::try_from(lane.available_permits()).unwrap_or(u32::MAX)
    }

    /// Whether anybody is let in at all.
    pub(super) fn are_closed(&self) -> bool {
        self.sms.is_closed()
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.sms.close();
        self.email.close();
        self.notification.close();
    }

    fn of(&self, queue: Queue) -> &Arc<Semaphore> {
        match queue {
            Queue::Code(Channel::Sms) => &self.sms,
            Queue::Code(Channel::Email) => &self.email,
            Queue::Notification => &self.notification,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMS: Queue = Queue::Code(Channel::Sms);
    const EMAIL: Queue = Queue::Code(Channel::Email);

    #[tokio::test]
    async fn a_full_lane_leaves_the_other_one_free() {
        let lanes = Lanes::default();
        let mut held = Vec::new();
        for _ in 0..WIDTH {
            held.push(lanes.enter(SMS).await.unwrap());
        }
        assert_eq!(lanes.free(SMS), 0);
        assert_eq!(lanes.free(EMAIL), 256);
        assert!(lanes.enter(EMAIL).await.is_some());
        assert_eq!(lanes.free(Queue::Notification), 32);
        held.pop();
        assert_eq!(lanes.free(SMS), 1);
    }

    #[tokio::test]
    async fn nobody_enters_a_closed_lane() {
        let lanes = Lanes::default();
        lanes.close();
        assert!(lanes.enter(SMS).await.is_none());
        assert_eq!(lanes.free(EMAIL), 0);
        assert_eq!(lanes.free(Queue::Notification), 0);
    }
}
