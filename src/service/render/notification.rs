//! Writes the emails that carry no code: an invitation, an export warning. They have one link at most, the button's.

use time::macros::format_description;

use super::RenderError;
use super::name::{inert, isolated};
use super::template::{self, Action, Page};
use crate::domain::business::BusinessName;
use crate::domain::catalogue::{self, FluentArgs};
use crate::domain::email::EmailAddress;
use crate::domain::id::MessageId;
use crate::domain::locale::Locale;
use crate::domain::message::Email;
use crate::domain::notification::{ActionUrl, NotificationData, NotificationKind, PersonName};
use crate::domain::time::Timestamp;

/// What a notification's email is made of.
#[derive(Clone, Copy)]
pub struct NotificationContent<'a> {
    /// Our id of the message.
    pub message_id: MessageId,
    /// Which email it is.
    pub kind: NotificationKind,
    /// What it is told to say.
    pub data: &'a NotificationData,
    /// The business, as emails name it.
    pub business_name: &'a BusinessName,
    /// The display name of the sender; without one the business name stands there.
    pub sender_name: Option<&'a BusinessName>,
    /// The language to write in.
    pub locale: Locale,
    /// When the message was made.
    pub made_at: Timestamp,
    /// Until when it is tried.
    pub expires_at: Timestamp,
}

/// The email: as plain text with the bare link, and as HTML with a button.
pub fn notification(content: &NotificationContent<'_>, to: EmailAddress) -> Result<Email, RenderError> {
    let (locale, name) = (content.locale, content.business_name);
    let inert_name = inert(name.as_str(), locale);
    let (strings, person) = match content.kind {
        NotificationKind::Invitation => ("invitation", &content.data.inviter_name),
        NotificationKind::ExportWarning => ("export", &content.data.actor_name),
    };
    let requested_at = content.data.requested_at;
    let time = requested_at.filter(|_| content.kind == NotificationKind::ExportWarning);
    let args = args(content, &inert_name, time);
    let text = |part: &str| catalogue::text(locale, &format!("email-{strings}-{part}"), &args);
    // A subject is shown as it is, and nothing in it becomes a link.
    let in_subject = FluentArgs::from_iter([("business_name", name.as_str())]);
    let body = text(if person.is_some() { "body-by" } else { "body" })?;
    let time = time.map(|_| text("time")).transpose()?;
    let action = text("action")?;
    let page = Page {
        lang: locale.tag(),
        dir: locale.direction(),
        business_name: &inert_name,
        preview: &text("preview")?,
        body: &body,
        code: None,
        expiry: None,
        time: time.as_deref(),
        action: content.data.action_url.as_ref().map(|url: &ActionUrl| Action {
            label: &action,
            url: url.as_str(),
        }),
        disclaimer: &text("disclaimer")?,
    };
    let (text, html) = template::fill(&page)?;
    Ok(Email {
        id: content.message_id,
        to,
        from_name: content.sender_name.unwrap_or(name).as_str().to_owned(),
        subject: catalogue::text(locale, &format!("email-{strings}-subject"), &in_subject)?,
        text,
        html,
        date: content.made_at,
        expires_at: Some(content.expires_at),
    })
}

/// The placeholders that there is something for, all of them inert.
fn args(
    content: &NotificationContent<'_>,
    business_name: &str,
    requested_at: Option<Timestamp>,
) -> FluentArgs<'static> {
    let mut args = FluentArgs::new();
    args.set("business_name", business_name.to_owned());
    let names: [(&str, &Option<PersonName>); 2] = [
        ("inviter_name", &content.data.inviter_name),
        ("actor_name", &content.data.actor_name),
    ];
    for (placeholder, name) in names {
        if let Some(name) = name {
            args.set(placeholder, inert(name.as_str(), content.locale));
        }
    }
    if let Some(at) = requested_at {
        args.set("requested_at", isolated(in_digits(at), content.locale));
    }
    args
}

/// `2026-11-22 09:00 UTC`, which is read alike in every language.
fn in_digits(at: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let written = at.to_offset_date_time().format(format);
    written.unwrap_or_else(|_| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://acme.example.com/join/4711";

    fn data() -> NotificationData {
        NotificationData {
            inviter_name: PersonName::parse("Ada").ok(),
            action_url: ActionUrl::parse(URL).ok(),
            actor_name: PersonName::parse("Bob").ok(),
            requested_at: Some(Timestamp::new(time::macros::datetime!(2026-11-22 09:00:59 UTC))),
        }
    }

    fn render(kind: NotificationKind, locale: Locale, data: &NotificationData) -> Email {
        let made_at = Timestamp::new(time::macros::datetime!(2026-11-22 09:01 UTC));
        let content = NotificationContent {
            message_id: MessageId::parse("msg_0123456789abcdef0123456789abcdef").unwrap(),
            kind,
            data,
            business_name: &BusinessName::parse("Acme").unwrap(),
            sender_name: None,
            locale,
            made_at,
            expires_at: made_at + crate::domain::notification::LIFE,
        };
        notification(&content, EmailAddress::parse("new@example.com").unwrap()).unwrap()
    }

    #[test]
    fn both_emails_are_written_whole_in_every_language() {
        for &locale in Locale::ALL {
            for (kind, person) in [
                (NotificationKind::Invitation, "Ada"),
                (NotificationKind::ExportWarning, "Bob"),
            ] {
                for data in [data(), NotificationData::default()] {
                    let email = render(kind, locale, &data);
                    let given = data.inviter_name.is_some();
                    assert!(email.subject.contains("Acme"), "{locale} {kind:?}");
                    assert!(!email.subject.contains(char::is_control), "{locale} {kind:?}");
                    for part in [&email.text, &email.html] {
                        assert_eq!(part.contains(person), given, "{locale} {kind:?}: {part}");
                        assert!(!part.contains("{{") && !part.contains("{ $"), "{part}");
                    }
                    assert_eq!(
                        email.text.lines().any(|line| line == URL),
                        given,
                        "{}",
                        email.text
                    );
                    let at = given && kind == NotificationKind::ExportWarning;
                    let text = email.text.replace('\n', " ");
                    assert_eq!(text.contains("2026-11-22 09:00 UTC"), at, "{locale}: {text}");
                    assert!(!email.text.contains("\n\n\n"), "{}", email.text);
                }
            }
        }
    }

    #[test]
    fn a_name_and_a_time_keep_their_direction_from_right_to_left() {
        let email = render(NotificationKind::ExportWarning, Locale::Ar, &data());
        let text = email.text.replace('\n', " ");
        for isolated in [
            "\u{2068}Bob\u{2069}",
            "\u{2068}2026-11-22 09:00 UTC\u{2069}",
            "\u{2068}Acme\u{2069}",
        ] {
            assert!(text.contains(isolated), "{isolated} in {text}");
        }
        assert!(
            email
                .html
                .starts_with("<!doctype html>\n<html lang=\"ar\" dir=\"rtl\">")
        );
    }

    #[test]
    fn an_email_rendered_again_is_the_same() {
        let kind = NotificationKind::Invitation;
        assert!(render(kind, Locale::En, &data()) == render(kind, Locale::En, &data()));
    }
}
