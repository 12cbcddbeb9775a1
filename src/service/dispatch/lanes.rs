//! How many messages are under way at once, each channel for itself: a provider of text messages that hangs must not keep
//! an email waiting.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::message::Channel;

/// Messages of one channel under way at once in one process.
const WIDTH: usize = 256;

/// A lane for each channel.
pub(super) struct Lanes {
    sms: Arc<Semaphore>,
    email: Arc<Semaphore>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            sms: Arc::new(Semaphore::new(WIDTH)),
            email: Arc::new(Semaphore::new(WIDTH)),
        }
    }
}

impl Lanes {
    /// Waits for a place; `None` once the lanes are closed.
    pub(super) async fn enter(&self, channel: Channel) -> Option<OwnedSemaphorePermit> {
        Arc::clone(self.of(channel)).acquire_owned().await.ok()
    }

    /// How many places are free.
    pub(super) fn free(&self, channel: Channel) -> u32 {
        let lane = self.of(channel);
        if lane.is_closed() {
            return 0;
        }
        u32::try_from(lane.available_permits()).unwrap_or(u32::MAX)
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.sms.close();
        self.email.close();
    }

    fn of(&self, channel: Channel) -> &Arc<Semaphore> {
        match channel {
            Channel::Sms => &self.sms,
            Channel::Email => &self.email,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_lane_leaves_the_other_one_free() {
        let lanes = Lanes::default();
        let mut held = Vec::new();
        for _ in 0..WIDTH {
            held.push(lanes.enter(Channel::Sms).await.unwrap());
        }
        assert_eq!(lanes.free(Channel::Sms), 0);
        assert_eq!(lanes.free(Channel::Email), 256);
        assert!(lanes.enter(Channel::Email).await.is_some());
        held.pop();
        assert_eq!(lanes.free(Channel::Sms), 1);
    }

    #[tokio::test]
    async fn nobody_enters_a_closed_lane() {
        let lanes = Lanes::default();
        lanes.close();
        assert!(lanes.enter(Channel::Sms).await.is_none());
        assert_eq!(lanes.free(Channel::Email), 0);
    }
}
