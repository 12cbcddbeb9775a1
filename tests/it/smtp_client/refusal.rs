//! What a server's no means, step by step.

use otpost::provider::{Class, Receipt, SendError, Transport};

use super::{client, email, refusal};
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};

async fn attempt(behaviour: Behaviour) -> Result<Receipt, SendError> {
    let server = SmtpServer::start(behaviour);
    client(&server).send(&email()).await
}

async fn refused_with(step: Step, line: &str) -> (Class, Option<String>, String) {
    refusal(attempt(Behaviour::starttls().always(step, Act::reply(line))).await)
}

#[tokio::test]
async fn an_accepted_mail_is_named_as_the_server_named_it() {
    let receipt = attempt(Behaviour::plain()).await.unwrap();
    assert_eq!(receipt.provider_message_id.as_deref(), Some("Q1"));
    assert_eq!(receipt.detail.as_deref(), Some("250 2.0.0 Ok: queued as Q1"));

    let receipt = attempt(Behaviour::plain().always(Step::EndOfData, Act::reply("250")))
        .await
        .unwrap();
    assert_eq!(receipt.provider_message_id, None);
}

#[tokio::test]
async fn a_4yz_at_any_step_is_to_be_tried_again() {
    for step in [
        Step::Greeting,
        Step::Ehlo,
        Step::StartTls,
        Step::Auth,
        Step::Mail,
        Step::Rcpt,
        Step::Data,
        Step::EndOfData,
    ] {
        for line in [
            "421 4.3.2 closing",
            "450 4.2.0 busy",
            "451 4.3.0 greylisted",
            "452 4.3.1 full",
        ] {
            let (class, code, _) = refused_with(step, line).await;
            assert_eq!(class, Class::Deferred, "{step:?} {line}");
            assert_eq!(code.as_deref(), Some(&line[..3]), "{step:?}");
        }
    }
}

#[tokio::test]
async fn a_5yz_to_the_recipient_is_the_recipients_fault_unless_it_speaks_of_policy() {
    for line in [
        "550 5.1.1 no such user",
        "551 not local",
        "553 5.1.3 bad mailbox",
        "550 no mailbox here",
    ] {
        let (class, code, detail) = refused_with(Step::Rcpt, line).await;
        assert_eq!(
            (class, code.as_deref()),
            (Class::RecipientInvalid, Some(&line[..3]))
        );
        assert_eq!(detail, format!("RCPT TO: {line}"));
    }
    for line in [
        "550 5.7.1 blocked",
        "554 5.7.1 Relay access denied",
        "550 relay not permitted",
        "553 5.1.8 sender",
    ] {
        let (class, ..) = refused_with(Step::Rcpt, line).await;
        assert_eq!(class, Class::SenderMisconfigured, "{line}");
    }
}

#[tokio::test]
async fn a_5yz_to_the_sender_or_the_content_says_so() {
    for (step, line, expected) in [
        (Step::Mail, "553 5.1.8 who are you", Class::SenderMisconfigured),
        (Step::Ehlo, "550 go away", Class::SenderMisconfigured),
        (Step::StartTls, "501 5.5.4 no", Class::SenderMisconfigured),
        (
            Step::EndOfData,
            "554 5.6.0 looks like spam",
            Class::ContentFiltered,
        ),
        (Step::EndOfData, "550 looks like spam", Class::ContentFiltered),
        (Step::EndOfData, "550 5.7.26 no DKIM", Class::SenderMisconfigured),
        (Step::EndOfData, "550 5.1.1 no such user", Class::RecipientInvalid),
    ] {
        let (class, ..) = refused_with(step, line).await;
        assert_eq!(class, expected, "{step:?} {line}");
    }
}

#[tokio::test]
async fn failed_authentication_is_the_accounts_fault() {
    for (step, line) in [
        (Step::Auth, "535 5.7.8 wrong"),
        (Step::Auth, "534 5.7.9 stronger mechanism needed"),
        (Step::Auth, "538 5.7.11 encryption needed"),
        (Step::Mail, "530 5.7.0 authenticate first"),
    ] {
        let (class, code, _) = refused_with(step, line).await;
        assert_eq!((class, code.as_deref()), (Class::Account, Some(&line[..3])));
    }
}

#[tokio::test]
async fn the_detail_repeats_neither_recipient_nor_code_nor_password() {
    let plain = "AGFjbWUAcGFzcyB3b3JkIDE=";
    for (step, line) in [
        (Step::Rcpt, "550 5.1.1 <jane.doe@EXAMPLE.com>: jane.doe unknown"),
        (Step::EndOfData, "554 refused: 481516 for Jane.Doe@example.com"),
        (
            Step::Auth,
            &format!("501 what is AUTH PLAIN {plain} or pass word 1"),
        ),
    ] {
        let (.., detail) = refused_with(step, line).await;
        for secret in ["jane", "481516", plain, "pass word 1"] {
            assert!(
                !detail.to_lowercase().contains(&secret.to_lowercase()),
                "{detail}"
            );
        }
    }
}

#[tokio::test]
async fn several_lines_and_other_alphabets_are_one_short_ascii_line() {
    let act = Act::Write(b"550-5.1.1 K\xf6ln \x1b[31m\r\n550-5.1.1 more\r\n550 5.1.1 last\r\n".to_vec());
    let (class, _, detail) = refusal(attempt(Behaviour::plain().always(Step::Rcpt, act)).await);
    assert_eq!(class, Class::RecipientInvalid);
    assert_eq!(detail, "RCPT TO: 550 5.1.1 K?ln ?[31m more last");

    let act = Act::reply(&format!("550 5.1.1 {}", "long ".repeat(100)));
    let (.., detail) = refusal(attempt(Behaviour::plain().always(Step::Rcpt, act)).await);
    assert!(detail.chars().count() <= 220);
}

#[tokio::test]
async fn a_reply_of_a_megabyte_is_given_up() {
    let one_line = format!("550 {}\r\n", "x".repeat(1_000_000));
    let many_lines = "550-x\r\n".repeat(150_000);
    for reply in [one_line, many_lines] {
        let act = Act::Write(reply.into_bytes());
        let outcome = attempt(Behaviour::plain().always(Step::Mail, act.clone())).await;
        let (class, _, detail) = refusal(outcome);
        assert_eq!(class, Class::Unreachable);
        assert!(detail.ends_with("the server's reply is too long"), "{detail}");

        let outcome = attempt(Behaviour::plain().always(Step::EndOfData, act)).await;
        assert!(super::is_unknown(&outcome), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_reply_that_fits_no_command_is_no_success() {
    for (step, line) in [
        (Step::Data, "250 Ok"),
        (Step::Mail, "354 go on"),
        (Step::Rcpt, "999 what"),
        (Step::Greeting, "hello"),
    ] {
        let (class, ..) = refusal(attempt(Behaviour::plain().always(step, Act::reply(line))).await);
        assert_eq!(class, Class::Unreachable, "{step:?} {line}");
    }
    let outcome = attempt(Behaviour::plain().always(Step::EndOfData, Act::reply("354 again"))).await;
    assert!(super::is_unknown(&outcome), "{outcome:?}");
}
