# French.

### Text messages.

sms-sign-in = { $code } est votre code à usage unique pour vous connecter à { $host }
sms-verification-code = Votre code de vérification est { $code }

### Emails with a code. A no-break space stands before every colon.

email-life-minutes = { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}

email-life-hours = { $hours ->
    [one] { $hours } heure
   *[other] { $hours } heures
}

email-expiry = Ce code est à usage unique et reste valable pendant { $expires_in }.

email-sign-in-subject = Votre code pour vous connecter à { $business_name }
email-sign-in-preview = Saisissez-le dans un délai de { $expires_in } pour vous connecter.
email-sign-in-body = Saisissez ce code pour vous connecter à { $business_name } :
email-sign-in-disclaimer = Ne communiquez ce code à personne. Si vous ne l’avez pas demandé, vous pouvez ignorer cet e-mail : personne ne peut se connecter avec votre adresse sans ce code.

email-sign-up-subject = Votre code d’inscription chez { $business_name }
email-sign-up-preview = Saisissez-le dans un délai de { $expires_in } pour terminer votre inscription.
email-sign-up-body = Saisissez ce code pour terminer votre inscription chez { $business_name } :
email-sign-up-disclaimer = Ne communiquez ce code à personne. Si vous n’êtes pas à l’origine de cette inscription, vous pouvez ignorer cet e-mail : quelqu’un a peut-être saisi votre adresse par erreur.

email-mfa-subject = Votre code de vérification pour { $business_name }
email-mfa-preview = Saisissez-le dans un délai de { $expires_in } pour terminer votre connexion.
email-mfa-body = Saisissez ce code pour terminer votre connexion à { $business_name } :
email-mfa-disclaimer = Ne communiquez ce code à personne. Si vous n’êtes pas en train de vous connecter, quelqu’un d’autre connaît peut-être votre mot de passe et vous devriez le changer.

email-password-reset-subject = Réinitialisez votre mot de passe pour { $business_name }
email-password-reset-preview = Saisissez le code dans un délai de { $expires_in } pour choisir un nouveau mot de passe.
email-password-reset-body = Saisissez ce code pour choisir un nouveau mot de passe pour { $business_name } :
email-password-reset-disclaimer = Ne communiquez ce code à personne. Si vous n’avez pas demandé de nouveau mot de passe, vous pouvez ignorer cet e-mail : votre mot de passe reste inchangé.

email-verify-subject = Confirmez votre adresse e-mail pour { $business_name }
email-verify-preview = Saisissez le code dans un délai de { $expires_in } pour confirmer votre adresse.
email-verify-body = Saisissez ce code pour confirmer votre adresse e-mail pour { $business_name } :
email-verify-disclaimer = Ne communiquez ce code à personne. Si vous ne l’avez pas demandé, vous pouvez ignorer cet e-mail : quelqu’un a peut-être saisi votre adresse par erreur.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Invitation à rejoindre { $business_name }
email-invitation-preview = Acceptez l’invitation pour rejoindre l’équipe.
email-invitation-body = Vous avez reçu une invitation à rejoindre l’équipe { $business_name }.
email-invitation-body-by = { $inviter_name } vous invite à rejoindre l’équipe { $business_name }.
# The button.
email-invitation-action = Accepter l’invitation
email-invitation-disclaimer = Si vous ne connaissez pas { $business_name }, vous pouvez ignorer cet e-mail : rien ne se passera sans votre accord.

# To every owner, when somebody asks for an export.
email-export-subject = Demande d’exportation de données chez { $business_name }
email-export-preview = Vérifiez que vous êtes au courant de cette exportation.
email-export-body = Quelqu’un a demandé une exportation des données de l’organisation { $business_name }.
email-export-body-by = { $actor_name } a demandé une exportation des données de l’organisation { $business_name }.
email-export-time = Date et heure de la demande : { $requested_at }
# The button.
email-export-action = Examiner l’exportation
email-export-disclaimer = Vous recevez cet e-mail en tant que propriétaire de l’organisation { $business_name }. Si vous attendiez cette exportation, vous n’avez rien à faire. Sinon, retirez l’accès à la personne qui l’a demandée et changez votre mot de passe.
