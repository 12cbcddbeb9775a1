# Dutch.

### Text messages.

sms-sign-in = { $code } is je eenmalige code om in te loggen op { $host }
sms-verification-code = Je verificatiecode is { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minuut
   *[other] { $minutes } minuten
}

email-life-hours = { $hours ->
    [one] { $hours } uur
   *[other] { $hours } uur
}

email-expiry = Deze code is eenmalig te gebruiken en { $expires_in } geldig.

email-sign-in-subject = Je code om in te loggen bij { $business_name }
email-sign-in-preview = Voer de code binnen { $expires_in } in om in te loggen.
email-sign-in-body = Voer deze code in om in te loggen bij { $business_name }:
email-sign-in-disclaimer = Deel deze code met niemand. Heb je er niet om gevraagd, dan kun je deze e-mail negeren: zonder de code kan niemand met jouw adres inloggen.

email-sign-up-subject = Je code om je te registreren bij { $business_name }
email-sign-up-preview = Voer de code binnen { $expires_in } in om je registratie af te ronden.
email-sign-up-body = Voer deze code in om je registratie bij { $business_name } af te ronden:
email-sign-up-disclaimer = Deel deze code met niemand. Heb je je niet geregistreerd, dan kun je deze e-mail negeren: misschien heeft iemand per ongeluk jouw adres ingevuld.

email-mfa-subject = Je verificatiecode voor { $business_name }
email-mfa-preview = Voer de code binnen { $expires_in } in om het inloggen af te ronden.
email-mfa-body = Voer deze code in om het inloggen bij { $business_name } af te ronden:
email-mfa-disclaimer = Deel deze code met niemand. Ben je niet aan het inloggen, dan kent iemand anders misschien je wachtwoord en kun je het beter wijzigen.

email-password-reset-subject = Stel je wachtwoord voor { $business_name } opnieuw in
email-password-reset-preview = Voer de code binnen { $expires_in } in om een nieuw wachtwoord te kiezen.
email-password-reset-body = Voer deze code in om een nieuw wachtwoord voor { $business_name } te kiezen:
email-password-reset-disclaimer = Deel deze code met niemand. Heb je niet om een nieuw wachtwoord gevraagd, dan kun je deze e-mail negeren: je wachtwoord blijft zoals het is.

email-verify-subject = Bevestig je e-mailadres voor { $business_name }
email-verify-preview = Voer de code binnen { $expires_in } in om je adres te bevestigen.
email-verify-body = Voer deze code in om je e-mailadres voor { $business_name } te bevestigen:
email-verify-disclaimer = Deel deze code met niemand. Heb je er niet om gevraagd, dan kun je deze e-mail negeren: misschien heeft iemand per ongeluk jouw adres ingevuld.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Uitnodiging voor het team van { $business_name }
email-invitation-preview = Accepteer de uitnodiging om lid te worden van het team.
email-invitation-body = Je bent uitgenodigd voor het team van { $business_name }.
email-invitation-body-by = { $inviter_name } nodigt je uit voor het team van { $business_name }.
# The button.
email-invitation-action = Uitnodiging accepteren
email-invitation-disclaimer = Ken je { $business_name } niet, dan kun je deze e-mail negeren: er gebeurt niets zolang je de uitnodiging niet accepteert.

# To every owner, when somebody asks for an export.
email-export-subject = Gegevensexport aangevraagd bij { $business_name }
email-export-preview = Controleer of je van deze export op de hoogte bent.
email-export-body = Iemand heeft een export van de gegevens van { $business_name } aangevraagd.
email-export-body-by = { $actor_name } heeft een export van de gegevens van { $business_name } aangevraagd.
email-export-time = Tijdstip van de aanvraag: { $requested_at }
# The button.
email-export-action = Export bekijken
email-export-disclaimer = Je ontvangt deze e-mail als eigenaar van { $business_name }. Had je deze export verwacht, dan hoef je niets te doen. Zo niet, trek dan de toegang in van degene die de export heeft aangevraagd en wijzig je wachtwoord.
