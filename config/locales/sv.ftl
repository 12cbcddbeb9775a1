# Swedish.

### Text messages.

sms-sign-in = { $code } är din engångskod för att logga in på { $host }
sms-verification-code = Din verifieringskod är { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minut
   *[other] { $minutes } minuter
}

email-life-hours = { $hours ->
    [one] { $hours } timme
   *[other] { $hours } timmar
}

email-expiry = Koden kan användas en gång och gäller i { $expires_in }.

email-sign-in-subject = Din kod för att logga in på { $business_name }
email-sign-in-preview = Ange koden inom { $expires_in } för att logga in.
email-sign-in-body = Ange den här koden för att logga in på { $business_name }:
email-sign-in-disclaimer = Dela inte koden med någon. Om du inte har bett om den kan du bortse från det här mejlet: ingen kan logga in med din adress utan koden.

email-sign-up-subject = Din kod för att registrera dig hos { $business_name }
email-sign-up-preview = Ange koden inom { $expires_in } för att slutföra registreringen.
email-sign-up-body = Ange den här koden för att slutföra registreringen hos { $business_name }:
email-sign-up-disclaimer = Dela inte koden med någon. Om du inte har registrerat dig kan du bortse från det här mejlet: någon kan ha skrivit in din adress av misstag.

email-mfa-subject = Din verifieringskod för { $business_name }
email-mfa-preview = Ange koden inom { $expires_in } för att slutföra inloggningen.
email-mfa-body = Ange den här koden för att slutföra inloggningen på { $business_name }:
email-mfa-disclaimer = Dela inte koden med någon. Om du inte håller på att logga in kan någon annan känna till ditt lösenord, och då bör du byta det.

email-password-reset-subject = Återställ ditt lösenord för { $business_name }
email-password-reset-preview = Ange koden inom { $expires_in } för att välja ett nytt lösenord.
email-password-reset-body = Ange den här koden för att välja ett nytt lösenord för { $business_name }:
email-password-reset-disclaimer = Dela inte koden med någon. Om du inte har bett om ett nytt lösenord kan du bortse från det här mejlet: ditt lösenord ändras inte.

email-verify-subject = Bekräfta din e-postadress för { $business_name }
email-verify-preview = Ange koden inom { $expires_in } för att bekräfta din adress.
email-verify-body = Ange den här koden för att bekräfta din e-postadress för { $business_name }:
email-verify-disclaimer = Dela inte koden med någon. Om du inte har bett om den kan du bortse från det här mejlet: någon kan ha skrivit in din adress av misstag.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Inbjudan att gå med i { $business_name }
email-invitation-preview = Acceptera inbjudan för att gå med i teamet.
email-invitation-body = Du har blivit inbjuden att gå med i teamet för { $business_name }.
email-invitation-body-by = { $inviter_name } bjuder in dig att gå med i teamet för { $business_name }.
# The button.
email-invitation-action = Acceptera inbjudan
email-invitation-disclaimer = Om du inte känner till { $business_name } kan du bortse från det här mejlet: inget händer om du inte accepterar.

# To every owner, when somebody asks for an export.
email-export-subject = Dataexport har begärts hos { $business_name }
email-export-preview = Kontrollera att du känner till den här exporten.
email-export-body = Någon har begärt en export av data från { $business_name }.
email-export-body-by = { $actor_name } har begärt en export av data från { $business_name }.
email-export-time = Tidpunkt för begäran: { $requested_at }
# The button.
email-export-action = Granska exporten
email-export-disclaimer = Du får det här mejlet som ägare av { $business_name }. Om du väntade dig exporten behöver du inte göra något. Om inte, ta bort åtkomsten för den som begärde den och byt ditt lösenord.
