//! Notifications on their way: always through the platform's sender.

use super::walk::candidates;
use super::{Dispatcher, Job, NotificationPayload};
use crate::domain::locale::Locale;
use crate::domain::message::MessageSummary;
use crate::provider::Class;
use crate::service::directory::EnvironmentSnapshot;
use crate::service::render::{self, NotificationContent};
use crate::service::route;

impl Dispatcher {
    /// One pass over the route of a notification's message.
    pub(super) async fn pass_notification(
        &self,
        job: &Job,
        payload: &NotificationPayload,
        environment: &EnvironmentSnapshot,
    ) -> MessageSummary {
        let settings = &environment.environment.fields;
        let content = NotificationContent {
            message_id: job.message_id,
            kind: payload.kind,
            data: &payload.data,
            business_name: &settings.business_name,
            sender_name: environment.email.row.sender_name.as_ref(),
            locale: Locale::resolve(payload.locale.as_ref(), &settings.default_locale),
            made_at: job.message_id.made_at().unwrap_or(payload.expires_at),
            expires_at: payload.expires_at,
        };
        let message = match render::notification(&content, payload.recipient.clone()) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, message.id = %job.message_id,
                    "a notification could not be written");
                return self.refuse(job, Class::SenderMisconfigured).await;
            }
        };
        match route::notification(self.platform.email_kind) {
            Ok(route) => {
                let candidates = candidates(&route, None, self.platform.email.as_ref());
                self.walk(job, &candidates, &message).await
            }
            Err(_) => self.refuse(job, Class::SenderMisconfigured).await,
        }
    }
}
