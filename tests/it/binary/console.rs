//! What the start says of the console sender, where it is not what an operator can want.

use super::installation::Installation;

const BESIDE_A_REAL_SENDER: &str = "are printed to the terminal and shown at /dev/inbox";
const COUNTS_AS_NONE: &str = "here it counts as none";

/// The warnings about it, each with what it warns of.
async fn warnings(installation: &Installation) -> Vec<String> {
    let said = installation.start().await.interrupted().await;
    let warnings = said.stderr.lines().filter(|line| line.contains("\"WARN\""));
    let meant = warnings.filter(|line| line.contains("console") || line.contains("/dev/inbox"));
    meant.map(str::to_owned).collect()
}

fn with_emails_by_smtp(installation: Installation) -> Installation {
    installation
        .with("OTPOST_PLATFORM__EMAIL__PROVIDER", "smtp")
        .with("OTPOST_PLATFORM__EMAIL__SERVER", "smtp.example.com")
}

fn with_texts_over_http(installation: Installation) -> Installation {
    installation
        .with("OTPOST_PLATFORM__SMS__PROVIDER", "http")
        .with("OTPOST_PLATFORM__SMS__URL", "https://sms.example.com/messages")
        .with("OTPOST_PLATFORM__SMS__TOKEN", "token")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_where_it_carries_everything_or_nothing() {
    let alone = Installation::new();
    let neither = with_texts_over_http(with_emails_by_smtp(Installation::new()));
    for installation in [alone, neither] {
        assert_eq!(warnings(&installation).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_channel_printed_while_the_other_reaches_people_is_warned_of() {
    for (installation, printed) in [
        (with_emails_by_smtp(Installation::new()), "text messages"),
        (with_texts_over_http(Installation::new()), "emails"),
    ] {
        let warnings = warnings(&installation).await;
        let expected = format!("while {printed} {BESIDE_A_REAL_SENDER}");
        assert!(
            warnings.len() == 1 && warnings[0].contains(&expected),
            "{warnings:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_others_can_reach_the_service_it_counts_as_none_and_the_start_says_so() {
    let public = || Installation::new().with("OTPOST_SERVER__PUBLIC_URL", "https://otp.example.com");
    // Beside a real sender for the other channel it counts as none too, so that nothing is printed.
    for (installation, texts, emails) in [
        (public(), true, true),
        (with_emails_by_smtp(public()), true, false),
        (with_texts_over_http(public()), false, true),
    ] {
        let warnings = warnings(&installation).await;
        let expected = [
            COUNTS_AS_NONE.to_owned(),
            format!("\"sms\":{texts}"),
            format!("\"email\":{emails}"),
        ];
        assert!(
            warnings.len() == 1 && expected.iter().all(|part| warnings[0].contains(part)),
            "{warnings:?}"
        );
    }
}
