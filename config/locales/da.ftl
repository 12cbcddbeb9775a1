# Danish.

### Text messages.

sms-sign-in = { $code } er din engangskode til at logge ind på { $host }
sms-verification-code = Din bekræftelseskode er { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minut
   *[other] { $minutes } minutter
}

email-life-hours = { $hours ->
    [one] { $hours } time
   *[other] { $hours } timer
}

email-expiry = Koden kan bruges én gang og er gyldig i { $expires_in }.

email-sign-in-subject = Din kode til at logge ind hos { $business_name }
email-sign-in-preview = Indtast den inden for { $expires_in } for at logge ind.
email-sign-in-body = Indtast denne kode for at logge ind hos { $business_name }:
email-sign-in-disclaimer = Del ikke koden med nogen. Hvis du ikke har bedt om den, kan du ignorere denne e-mail: Ingen kan logge ind med din adresse uden koden.

email-sign-up-subject = Din kode til at oprette dig hos { $business_name }
email-sign-up-preview = Indtast den inden for { $expires_in } for at fuldføre oprettelsen.
email-sign-up-body = Indtast denne kode for at fuldføre din oprettelse hos { $business_name }:
email-sign-up-disclaimer = Del ikke koden med nogen. Hvis du ikke har oprettet dig, kan du ignorere denne e-mail: Nogen kan have skrevet din adresse ved en fejl.

email-mfa-subject = Din bekræftelseskode til { $business_name }
email-mfa-preview = Indtast den inden for { $expires_in } for at fuldføre login.
email-mfa-body = Indtast denne kode for at fuldføre login hos { $business_name }:
email-mfa-disclaimer = Del ikke koden med nogen. Hvis du ikke er ved at logge ind, kender en anden muligvis din adgangskode, og du bør ændre den.

email-password-reset-subject = Nulstil din adgangskode til { $business_name }
email-password-reset-preview = Indtast koden inden for { $expires_in } for at vælge en ny adgangskode.
email-password-reset-body = Indtast denne kode for at vælge en ny adgangskode til { $business_name }:
email-password-reset-disclaimer = Del ikke koden med nogen. Hvis du ikke har bedt om en ny adgangskode, kan du ignorere denne e-mail: Din adgangskode forbliver den samme.

# Few letters with marks: spam filters that take the language for another one count them, above all in subjects.
email-verify-subject = Din kode til at bekræfte din e-mailadresse hos { $business_name }
email-verify-preview = Indtast koden inden for { $expires_in } for at bekræfte din adresse.
email-verify-body = Indtast denne kode for at bekræfte din e-mailadresse hos { $business_name }:
email-verify-disclaimer = Del ikke koden med nogen. Hvis du ikke har bedt om den, kan du ignorere denne e-mail: Nogen kan have skrevet din adresse ved en fejl.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Invitation til teamet hos { $business_name }
email-invitation-preview = Accepter invitationen for at blive en del af teamet.
email-invitation-body = Du er inviteret til at blive en del af teamet hos { $business_name }.
email-invitation-body-by = { $inviter_name } inviterer dig til at blive en del af teamet hos { $business_name }.
# The button.
email-invitation-action = Accepter invitationen
email-invitation-disclaimer = Hvis du ikke kender { $business_name }, kan du ignorere denne e-mail: Der sker ikke noget, medmindre du accepterer.

# To every owner, when somebody asks for an export.
email-export-subject = Anmodning om dataeksport hos { $business_name }
email-export-preview = Tjek, at du kender til denne eksport.
email-export-body = Nogen har anmodet om en eksport af data fra { $business_name }.
email-export-body-by = { $actor_name } har anmodet om en eksport af data fra { $business_name }.
email-export-time = Tidspunkt for anmodningen: { $requested_at }
# The button.
email-export-action = Gennemgå eksporten
email-export-disclaimer = Du modtager denne e-mail som ejer af { $business_name }. Hvis du forventede eksporten, behøver du ikke gøre noget. Hvis ikke, skal du fjerne adgangen for den person, der har anmodet om den, og ændre din adgangskode.
