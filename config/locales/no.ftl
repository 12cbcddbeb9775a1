# Norwegian.

### Text messages.

sms-sign-in = { $code } er engangskoden din for å logge inn på { $host }
sms-verification-code = Bekreftelseskoden din er { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minutt
   *[other] { $minutes } minutter
}

email-life-hours = { $hours ->
    [one] { $hours } time
   *[other] { $hours } timer
}

email-expiry = Koden kan brukes én gang og er gyldig i { $expires_in }.

email-sign-in-subject = Koden din for å logge inn på { $business_name }
email-sign-in-preview = Skriv inn koden innen { $expires_in } for å logge inn.
email-sign-in-body = Skriv inn denne koden for å logge inn på { $business_name }:
email-sign-in-disclaimer = Ikke del koden med noen. Hvis du ikke har bedt om den, kan du se bort fra denne e-posten: Ingen kan logge inn med adressen din uten koden.

email-sign-up-subject = Koden din for å registrere deg hos { $business_name }
email-sign-up-preview = Skriv inn koden innen { $expires_in } for å fullføre registreringen.
email-sign-up-body = Skriv inn denne koden for å fullføre registreringen hos { $business_name }:
email-sign-up-disclaimer = Ikke del koden med noen. Hvis du ikke har registrert deg, kan du se bort fra denne e-posten: Noen kan ha skrevet inn adressen din ved en feil.

email-mfa-subject = Bekreftelseskoden din for { $business_name }
email-mfa-preview = Skriv inn koden innen { $expires_in } for å fullføre innloggingen.
email-mfa-body = Skriv inn denne koden for å fullføre innloggingen på { $business_name }:
email-mfa-disclaimer = Ikke del koden med noen. Hvis du ikke holder på å logge inn, kan det hende at noen andre kjenner passordet ditt, og da bør du endre det.

email-password-reset-subject = Tilbakestill passordet ditt for { $business_name }
email-password-reset-preview = Skriv inn koden innen { $expires_in } for å velge et nytt passord.
email-password-reset-body = Skriv inn denne koden for å velge et nytt passord for { $business_name }:
email-password-reset-disclaimer = Ikke del koden med noen. Hvis du ikke har bedt om et nytt passord, kan du se bort fra denne e-posten: Passordet ditt forblir som det er.

email-verify-subject = Bekreft e-postadressen din for { $business_name }
email-verify-preview = Skriv inn koden innen { $expires_in } for å bekrefte adressen din.
email-verify-body = Skriv inn denne koden for å bekrefte e-postadressen din for { $business_name }:
email-verify-disclaimer = Ikke del koden med noen. Hvis du ikke har bedt om den, kan du se bort fra denne e-posten: Noen kan ha skrevet inn adressen din ved en feil.

### Emails without a code.

# To somebody who was added to the team by hand.
# Few letters with marks: spam filters that take the language for another one count them, above all in subjects.
email-invitation-subject = Invitasjon til teamet hos { $business_name }
email-invitation-preview = Godta invitasjonen for å bli med i teamet.
email-invitation-body = Du er invitert til å bli med i teamet til { $business_name }.
email-invitation-body-by = { $inviter_name } inviterer deg til å bli med i teamet til { $business_name }.
# The button.
email-invitation-action = Godta invitasjonen
email-invitation-disclaimer = Hvis du ikke kjenner til { $business_name }, kan du se bort fra denne e-posten: Ingenting skjer med mindre du godtar.

# To every owner, when somebody asks for an export.
email-export-subject = Forespørsel om dataeksport hos { $business_name }
email-export-preview = Sjekk at du kjenner til denne eksporten.
email-export-body = Noen har bedt om en eksport av dataene til { $business_name }.
email-export-body-by = { $actor_name } har bedt om en eksport av dataene til { $business_name }.
email-export-time = Tidspunkt for forespørselen: { $requested_at }
# The button.
email-export-action = Se gjennom eksporten
email-export-disclaimer = Du får denne e-posten som eier av { $business_name }. Hvis du ventet eksporten, trenger du ikke å gjøre noe. Hvis ikke, bør du fjerne tilgangen til den som ba om den, og endre passordet ditt.
