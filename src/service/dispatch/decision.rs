//! What follows from an attempt, as a pure function: the next sender, a later try, or the end.

use std::time::Duration;

use crate::domain::message::{Failure, FailureCode};
use crate::provider::{Class, Receipt, SendError};

/// What follows from an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A provider has it.
    Accepted(Receipt),
    /// A provider may have it.
    Unknown,
    /// The next sender of the route.
    AnotherSender,
    /// A later try, not before the wait that a provider asked for.
    Retry {
        /// The wait asked for.
        retry_after: Option<Duration>,
    },
    /// Nobody takes it.
    Failed(Failure),
}

/// What one pass over a route has met so far.
#[derive(Debug, Default)]
pub struct Pass {
    retryable: bool,
    retry_after: Option<Duration>,
}

impl Pass {
    /// What keeps the next sender from being asked may pass.
    pub fn try_again_later(&mut self) {
        self.retryable = true;
    }

    /// What follows from `result`, when `another` says whether one more sender of the route may be asked.
    pub fn decide(&mut self, result: Result<Receipt, SendError>, another: bool) -> Next {
        let (class, retry_after) = match result {
            Ok(receipt) => return Next::Accepted(receipt),
            Err(SendError::Unknown { .. }) => return Next::Unknown,
            Err(SendError::NotAccepted {
                class, retry_after, ..
            }) => (class, retry_after),
        };
        if class.is_retryable() {
            self.retryable = true;
            // Whoever is free first may have it.
            self.retry_after = match (self.retry_after, retry_after) {
                (Some(before), Some(now)) => Some(before.min(now)),
                (before, now) => before.or(now),
            };
        }
        if !class.allows_fallback() {
            return Next::Failed(failure(class));
        }
        if another {
            return Next::AnotherSender;
        }
        if self.retryable {
            return Next::Retry {
                retry_after: self.retry_after,
            };
        }
        Next::Failed(failure(class))
    }
}

/// How the caller is told of a refusal.
#[must_use]
pub fn failure(class: Class) -> Failure {
    let code = class.failure_code();
    let detail = match code {
        FailureCode::RecipientRejected => {
            "The recipient cannot receive this message; ask the user for another number or address."
        }
        FailureCode::RecipientOptedOut => {
            "The recipient has opted out of messages from this sender and must opt in again first."
        }
        FailureCode::DeliveryFailed => {
            "No sender accepted the message; resend it, and have an administrator look at the message's timeline."
        }
    };
    Failure {
        code,
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(class: Class, another: bool) -> Next {
        Pass::default().decide(Err(SendError::refused(class, "")), another)
    }

    #[test]
    fn a_recipients_fault_and_fraud_end_at_once() {
        for class in [
            Class::RecipientInvalid,
            Class::RecipientOptedOut,
            Class::FraudBlocked,
        ] {
            assert!(matches!(decide(class, true), Next::Failed(_)), "{class}");
        }
    }

    #[test]
    fn a_senders_fault_goes_to_the_next_sender_and_is_final_without_one() {
        for class in [
            Class::DestinationDisabled,
            Class::SenderMisconfigured,
            Class::Account,
            Class::Transient,
            Class::ContentFiltered,
        ] {
            assert_eq!(decide(class, true), Next::AnotherSender, "{class}");
            assert!(matches!(decide(class, false), Next::Failed(_)), "{class}");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_unless_another_sender_can_do_it() {
        for class in [
            Class::Throttled,
            Class::Deferred,
            Class::Unreachable,
            Class::CircuitOpen,
        ] {
            assert_eq!(decide(class, true), Next::AnotherSender, "{class}");
            assert_eq!(decide(class, false), Next::Retry { retry_after: None }, "{class}");
        }
    }

    #[test]
    fn a_fallback_that_cannot_do_it_leaves_the_first_sender_its_later_try() {
        let mut pass = Pass::default();
        let throttled = SendError::NotAccepted {
            class: Class::Throttled,
            retry_after: Some(Duration::from_secs(7)),
            code: None,
            detail: String::new(),
        };
        assert_eq!(pass.decide(Err(throttled), true), Next::AnotherSender);
        let refused = pass.decide(Err(SendError::refused(Class::SenderMisconfigured, "")), false);
        assert_eq!(
            refused,
            Next::Retry {
                retry_after: Some(Duration::from_secs(7))
            }
        );
    }

    #[test]
    fn what_keeps_the_next_sender_from_being_asked_ends_no_message_that_one_could_carry() {
        let decide = |class| {
            let mut pass = Pass::default();
            pass.try_again_later();
            pass.decide(Err(SendError::refused(class, "")), false)
        };
        assert_eq!(decide(Class::Account), Next::Retry { retry_after: None });
        assert!(matches!(decide(Class::RecipientInvalid), Next::Failed(_)));
    }

    #[test]
    fn an_unknown_outcome_is_never_given_to_anybody_else() {
        assert_eq!(
            Pass::default().decide(Err(SendError::unknown("")), true),
            Next::Unknown
        );
    }
}
