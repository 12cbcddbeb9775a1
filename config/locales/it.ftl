# Italian.

### Text messages.

sms-sign-in = { $code } è il tuo codice monouso per accedere a { $host }
sms-verification-code = Il tuo codice di verifica è { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minuti
}

email-life-hours = { $hours ->
    [one] { $hours } ora
   *[other] { $hours } ore
}

email-expiry = Questo codice può essere usato una sola volta ed è valido per { $expires_in }.

email-sign-in-subject = Il tuo codice per accedere a { $business_name }
email-sign-in-preview = Inseriscilo entro { $expires_in } per accedere.
email-sign-in-body = Inserisci questo codice per accedere a { $business_name }:
email-sign-in-disclaimer = Non condividere questo codice con nessuno. Se non lo hai richiesto, puoi ignorare questa email: nessuno può accedere con il tuo indirizzo senza il codice.

email-sign-up-subject = Il tuo codice per registrarti a { $business_name }
email-sign-up-preview = Inseriscilo entro { $expires_in } per completare la registrazione.
email-sign-up-body = Inserisci questo codice per completare la registrazione a { $business_name }:
email-sign-up-disclaimer = Non condividere questo codice con nessuno. Se non hai effettuato la registrazione, puoi ignorare questa email: qualcuno potrebbe aver digitato il tuo indirizzo per errore.

email-mfa-subject = Il tuo codice di verifica per { $business_name }
email-mfa-preview = Inseriscilo entro { $expires_in } per completare l’accesso.
email-mfa-body = Inserisci questo codice per completare l’accesso a { $business_name }:
email-mfa-disclaimer = Non condividere questo codice con nessuno. Se non stai effettuando l’accesso, qualcun altro potrebbe conoscere la tua password e dovresti cambiarla.

email-password-reset-subject = Reimposta la tua password per { $business_name }
email-password-reset-preview = Inserisci il codice entro { $expires_in } per scegliere una nuova password.
email-password-reset-body = Inserisci questo codice per scegliere una nuova password per { $business_name }:
email-password-reset-disclaimer = Non condividere questo codice con nessuno. Se non hai richiesto una nuova password, puoi ignorare questa email: la tua password resta invariata.

email-verify-subject = Conferma il tuo indirizzo email per { $business_name }
email-verify-preview = Inserisci il codice entro { $expires_in } per confermare il tuo indirizzo.
email-verify-body = Inserisci questo codice per confermare il tuo indirizzo email per { $business_name }:
email-verify-disclaimer = Non condividere questo codice con nessuno. Se non lo hai richiesto, puoi ignorare questa email: qualcuno potrebbe aver digitato il tuo indirizzo per errore.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Invito a entrare nel team di { $business_name }
email-invitation-preview = Accetta l’invito per entrare nel team.
email-invitation-body = Hai ricevuto un invito a entrare nel team di { $business_name }.
email-invitation-body-by = { $inviter_name } ti invita a entrare nel team di { $business_name }.
# The button.
email-invitation-action = Accetta l’invito
email-invitation-disclaimer = Se non conosci { $business_name }, puoi ignorare questa email: non succede nulla finché non accetti.

# To every owner, when somebody asks for an export.
email-export-subject = Richiesta di esportazione dei dati di { $business_name }
email-export-preview = Verifica di essere al corrente di questa esportazione.
email-export-body = Qualcuno ha richiesto un’esportazione dei dati di { $business_name }.
email-export-body-by = { $actor_name } ha richiesto un’esportazione dei dati di { $business_name }.
email-export-time = Data e ora della richiesta: { $requested_at }
# The button.
email-export-action = Controlla l’esportazione
email-export-disclaimer = Ricevi questa email perché figuri tra i proprietari di { $business_name }. Se ti aspettavi l’esportazione, non devi fare nulla. In caso contrario, revoca l’accesso a chi l’ha richiesta e cambia la tua password.
