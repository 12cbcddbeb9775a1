# Slovak.

### Text messages.

sms-sign-in = { $code } je jednorazový kód na prihlásenie na { $host }
sms-verification-code = Váš overovací kód je { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } minútu
    [few] { $minutes } minúty
   *[other] { $minutes } minút
}

email-life-hours = { $hours ->
    [one] { $hours } hodinu
    [few] { $hours } hodiny
   *[other] { $hours } hodín
}

email-expiry = Tento kód je jednorazový a platí { $expires_in }.

email-sign-in-subject = Váš kód na prihlásenie do účtu { $business_name }
email-sign-in-preview = Kód platí { $expires_in }. Zadajte ho a prihláste sa.
email-sign-in-body = Zadajte tento kód a prihláste sa do účtu { $business_name }:
email-sign-in-disclaimer = Tento kód nikomu neprezrádzajte. Ak ste oň nežiadali, tento e-mail môžete ignorovať: bez kódu sa s vašou adresou nikto neprihlási.

email-sign-up-subject = Váš kód na registráciu účtu { $business_name }
email-sign-up-preview = Kód platí { $expires_in }. Zadajte ho a dokončite registráciu.
email-sign-up-body = Zadajte tento kód a dokončite registráciu účtu { $business_name }:
email-sign-up-disclaimer = Tento kód nikomu neprezrádzajte. Ak ste sa neregistrovali, tento e-mail môžete ignorovať: možno niekto zadal vašu adresu omylom.

email-mfa-subject = Váš overovací kód pre účet { $business_name }
email-mfa-preview = Kód platí { $expires_in }. Zadajte ho a dokončite prihlásenie.
email-mfa-body = Zadajte tento kód a dokončite prihlásenie do účtu { $business_name }:
email-mfa-disclaimer = Tento kód nikomu neprezrádzajte. Ak sa práve neprihlasujete, vaše heslo môže poznať niekto iný a mali by ste si ho zmeniť.

email-password-reset-subject = Obnovenie hesla k účtu { $business_name }
email-password-reset-preview = Kód platí { $expires_in }. Zadajte ho a zvoľte si nové heslo.
email-password-reset-body = Zadajte tento kód a zvoľte si nové heslo k účtu { $business_name }:
email-password-reset-disclaimer = Tento kód nikomu neprezrádzajte. Ak ste o nové heslo nežiadali, tento e-mail môžete ignorovať: vaše heslo sa nezmení.

email-verify-subject = Potvrďte svoju e-mailovú adresu pre účet { $business_name }
email-verify-preview = Kód platí { $expires_in }. Zadajte ho a potvrďte svoju adresu.
email-verify-body = Zadajte tento kód a potvrďte svoju e-mailovú adresu pre účet { $business_name }:
email-verify-disclaimer = Tento kód nikomu neprezrádzajte. Ak ste oň nežiadali, tento e-mail môžete ignorovať: možno niekto zadal vašu adresu omylom.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Pozvánka do tímu { $business_name }
email-invitation-preview = Prijmite pozvánku a pridajte sa k tímu.
email-invitation-body = Pozývame vás do tímu { $business_name }.
email-invitation-body-by = { $inviter_name } vás pozýva do tímu { $business_name }.
# The button.
email-invitation-action = Prijať pozvánku
email-invitation-disclaimer = Ak názov { $business_name } nepoznáte, tento e-mail môžete ignorovať: kým pozvánku neprijmete, nič sa nestane.

# To every owner, when somebody asks for an export.
email-export-subject = Žiadosť o export údajov organizácie { $business_name }
email-export-preview = Overte si, či o tomto exporte viete.
email-export-body = Niekto žiada o export údajov organizácie { $business_name }.
email-export-body-by = { $actor_name } žiada o export údajov organizácie { $business_name }.
email-export-time = Čas žiadosti: { $requested_at }
# The button.
email-export-action = Skontrolovať export
email-export-disclaimer = Tento e-mail dostávajú vlastníci organizácie { $business_name }. Ak o exporte viete, nemusíte robiť nič. Ak nie, odoberte prístup tomu, kto oň žiada, a zmeňte si heslo.
