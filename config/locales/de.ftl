# German.

### Text messages.

sms-sign-in = { $code } ist Ihr Einmalcode für die Anmeldung bei { $host }
sms-verification-code = Ihr Bestätigungscode lautet { $code }

### Emails with a code.

# In the accusative and the dative alike.
email-life-minutes = { $minutes ->
    [one] { $minutes } Minute
   *[other] { $minutes } Minuten
}

email-life-hours = { $hours ->
    [one] { $hours } Stunde
   *[other] { $hours } Stunden
}

email-expiry = Dieser Code kann einmal verwendet werden und ist { $expires_in } gültig.

email-sign-in-subject = Ihr Code für die Anmeldung bei { $business_name }
email-sign-in-preview = Geben Sie ihn innerhalb von { $expires_in } ein, um sich anzumelden.
email-sign-in-body = Geben Sie diesen Code ein, um sich bei { $business_name } anzumelden:
email-sign-in-disclaimer = Geben Sie diesen Code an niemanden weiter. Wenn Sie ihn nicht angefordert haben, können Sie diese E-Mail ignorieren: Ohne den Code kann sich niemand mit Ihrer Adresse anmelden.

email-sign-up-subject = Ihr Code für die Registrierung bei { $business_name }
email-sign-up-preview = Geben Sie ihn innerhalb von { $expires_in } ein, um die Registrierung abzuschließen.
email-sign-up-body = Geben Sie diesen Code ein, um die Registrierung bei { $business_name } abzuschließen:
email-sign-up-disclaimer = Geben Sie diesen Code an niemanden weiter. Wenn Sie sich nicht registriert haben, können Sie diese E-Mail ignorieren: Möglicherweise hat jemand Ihre Adresse versehentlich eingegeben.

email-mfa-subject = Ihr Bestätigungscode für { $business_name }
email-mfa-preview = Geben Sie ihn innerhalb von { $expires_in } ein, um die Anmeldung abzuschließen.
email-mfa-body = Geben Sie diesen Code ein, um die Anmeldung bei { $business_name } abzuschließen:
email-mfa-disclaimer = Geben Sie diesen Code an niemanden weiter. Wenn Sie sich gerade nicht anmelden, kennt möglicherweise jemand anderes Ihr Passwort, und Sie sollten es ändern.

email-password-reset-subject = Setzen Sie Ihr Passwort für { $business_name } zurück
email-password-reset-preview = Geben Sie den Code innerhalb von { $expires_in } ein, um ein neues Passwort zu wählen.
email-password-reset-body = Geben Sie diesen Code ein, um ein neues Passwort für { $business_name } zu wählen:
email-password-reset-disclaimer = Geben Sie diesen Code an niemanden weiter. Wenn Sie kein neues Passwort angefordert haben, können Sie diese E-Mail ignorieren: Ihr Passwort bleibt unverändert.

email-verify-subject = Bestätigen Sie Ihre E-Mail-Adresse für { $business_name }
email-verify-preview = Geben Sie den Code innerhalb von { $expires_in } ein, um Ihre Adresse zu bestätigen.
email-verify-body = Geben Sie diesen Code ein, um Ihre E-Mail-Adresse für { $business_name } zu bestätigen:
email-verify-disclaimer = Geben Sie diesen Code an niemanden weiter. Wenn Sie ihn nicht angefordert haben, können Sie diese E-Mail ignorieren: Möglicherweise hat jemand Ihre Adresse versehentlich eingegeben.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Einladung in das Team von { $business_name }
email-invitation-preview = Nehmen Sie die Einladung an, um dem Team beizutreten.
email-invitation-body = Sie sind eingeladen, dem Team von { $business_name } beizutreten.
email-invitation-body-by = { $inviter_name } lädt Sie ein, dem Team von { $business_name } beizutreten.
# The button.
email-invitation-action = Einladung annehmen
email-invitation-disclaimer = Wenn Ihnen { $business_name } nicht bekannt ist, können Sie diese E-Mail ignorieren: Solange Sie die Einladung nicht annehmen, passiert nichts.

# To every owner, when somebody asks for an export.
email-export-subject = Datenexport bei { $business_name } angefordert
email-export-preview = Prüfen Sie, ob Sie von diesem Export wissen.
email-export-body = Jemand hat einen Export der Daten von { $business_name } angefordert.
email-export-body-by = { $actor_name } hat einen Export der Daten von { $business_name } angefordert.
email-export-time = Zeitpunkt der Anforderung: { $requested_at }
# The button.
email-export-action = Export prüfen
email-export-disclaimer = Sie erhalten diese E-Mail, weil Sie zu den Inhabern von { $business_name } gehören. Wenn Sie den Export erwartet haben, müssen Sie nichts tun. Wenn nicht, entziehen Sie der Person, die ihn angefordert hat, den Zugriff und ändern Sie Ihr Passwort.
