//! Notifications: the emails of authentication that carry no code. Which event is told by email, and which never is,
//! stands in one table here; nothing else is ever sent.

use std::time::Duration;

use serde::Serialize;

use super::id::NotificationId;
use super::message::MessageSummary;
use super::named::named;

mod data;

pub use data::{ActionUrl, InvalidActionUrl, MAX_PERSON_NAME, NotificationData, PersonName};

/// How long a notification's messages are tried. There is no code that dies, but an invitation or a warning that is a day
/// late had better be asked for again.
pub const LIFE: Duration = Duration::from_hours(24);

/// How many notifications a recipient may be sent in a day, by one environment.
pub const PER_RECIPIENT_AND_DAY: u32 = 20;

/// How many addresses one notification may go to.
pub const MAX_RECIPIENTS: usize = 50;

named! {
    /// What has happened.
    NotificationEvent {
        /// Somebody was added to the team.
        TeamMemberAdded = "team_member.added",
        /// A user was added.
        UserAdded = "user.added",
        /// Somebody asked for an export of the business's data.
        DataExportRequested = "data_export.requested",
        /// The business's subscription has changed.
        SubscriptionChanged = "subscription.changed",
        /// An administrator has done something.
        AdminActivity = "admin.activity",
    }
}

named! {
    /// How it came about.
    NotificationSource {
        /// A person did it by hand.
        Manual = "manual",
        /// A program did it.
        Api = "api",
        /// It was one of many that were brought over.
        Import = "import",
    }
}

named! {
    /// What was decided.
    NotificationOutcome {
        /// Each recipient gets a message.
        Sent = "sent",
        /// Nobody gets one.
        Suppressed = "suppressed",
    }
}

named! {
    /// Why nobody gets a message.
    SuppressionReason {
        /// A program added them: nobody expects to hear of it.
        AddedByApi = "added_by_api",
        /// They were brought over from elsewhere: nobody expects to hear of it.
        BulkImport = "bulk_import",
        /// It is no matter of authentication.
        NotAuthentication = "not_authentication",
    }
}

/// Which email a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationKind {
    /// To a new member of the team.
    Invitation,
    /// To the owners of the business.
    ExportWarning,
}

/// What is decided of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationDecision {
    /// Each recipient gets an email.
    Send,
    /// Nobody gets any.
    Suppress(SuppressionReason),
}

impl NotificationDecision {
    /// The product's table, row by row.
    #[must_use]
    pub fn on(event: NotificationEvent, source: NotificationSource) -> Self {
        use NotificationEvent::{
            AdminActivity, DataExportRequested, SubscriptionChanged, TeamMemberAdded, UserAdded,
        };
        use NotificationSource::{Api, Import, Manual};
        match (event, source) {
            (TeamMemberAdded, Manual) | (DataExportRequested, _) => Self::Send,
            (TeamMemberAdded | UserAdded, Api) => Self::Suppress(SuppressionReason::AddedByApi),
            (TeamMemberAdded | UserAdded, Import) => Self::Suppress(SuppressionReason::BulkImport),
            (UserAdded, Manual) | (SubscriptionChanged | AdminActivity, _) => {
                Self::Suppress(SuppressionReason::NotAuthentication)
            }
        }
    }

    /// Whether it is sent.
    #[must_use]
    pub fn outcome(self) -> NotificationOutcome {
        match self {
            Self::Send => NotificationOutcome::Sent,
            Self::Suppress(_) => NotificationOutcome::Suppressed,
        }
    }

    /// Why it is not.
    #[must_use]
    pub fn reason(self) -> Option<SuppressionReason> {
        match self {
            Self::Send => None,
            Self::Suppress(reason) => Some(reason),
        }
    }
}

impl NotificationEvent {
    /// The email that tells of it, where it is ever told by email.
    #[must_use]
    pub fn kind(self) -> Option<NotificationKind> {
        match self {
            Self::TeamMemberAdded => Some(NotificationKind::Invitation),
            Self::DataExportRequested => Some(NotificationKind::ExportWarning),
            Self::UserAdded | Self::SubscriptionChanged | Self::AdminActivity => None,
        }
    }
}

/// Something that has happened, and what was decided on telling of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Notification)]
pub struct NotificationView {
    /// What it is read by.
    pub id: NotificationId,
    /// What has happened.
    pub event: NotificationEvent,
    /// How it came about.
    pub source: NotificationSource,
    /// What was decided.
    pub outcome: NotificationOutcome,
    /// Why nobody gets a message.
    #[schema(required)]
    pub reason: Option<SuppressionReason>,
    /// A message for each recipient, in the order of the request.
    pub messages: Vec<MessageSummary>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_invitation_by_hand_and_an_export_warning_are_ever_sent() {
        for &event in NotificationEvent::ALL {
            for &source in NotificationSource::ALL {
                let sent = NotificationDecision::on(event, source).outcome() == NotificationOutcome::Sent;
                let may_be = match event {
                    NotificationEvent::TeamMemberAdded => source == NotificationSource::Manual,
                    NotificationEvent::DataExportRequested => true,
                    _ => false,
                };
                assert_eq!(sent, may_be, "{event} {source}");
                assert_eq!(NotificationDecision::on(event, source).reason().is_none(), sent);
                assert!(!sent || event.kind().is_some(), "{event} has no email");
            }
        }
    }
}
