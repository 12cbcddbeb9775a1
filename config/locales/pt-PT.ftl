# Portuguese (Portugal).

### Text messages.

sms-sign-in = { $code } é o seu código único para entrar em { $host }
sms-verification-code = O seu código de verificação é { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
}

email-life-hours = { $hours ->
    [one] { $hours } hora
   *[other] { $hours } horas
}

email-expiry = Este código só pode ser utilizado uma vez e é válido durante { $expires_in }.

email-sign-in-subject = O seu código para iniciar sessão em { $business_name }
email-sign-in-preview = Introduza o código no prazo de { $expires_in } para iniciar sessão.
email-sign-in-body = Introduza este código para iniciar sessão em { $business_name }:
email-sign-in-disclaimer = Não partilhe este código com ninguém. Se não o pediu, pode ignorar este e-mail: ninguém consegue iniciar sessão com o seu endereço sem o código.

email-sign-up-subject = O seu código para se registar em { $business_name }
email-sign-up-preview = Introduza o código no prazo de { $expires_in } para concluir o registo.
email-sign-up-body = Introduza este código para concluir o registo em { $business_name }:
email-sign-up-disclaimer = Não partilhe este código com ninguém. Se não se registou, pode ignorar este e-mail: alguém pode ter escrito o seu endereço por engano.

email-mfa-subject = O seu código de verificação para { $business_name }
email-mfa-preview = Introduza o código no prazo de { $expires_in } para concluir o início de sessão.
email-mfa-body = Introduza este código para concluir o início de sessão em { $business_name }:
email-mfa-disclaimer = Não partilhe este código com ninguém. Se não está a iniciar sessão, outra pessoa pode saber a sua palavra-passe e deve alterá-la.

email-password-reset-subject = Reponha a sua palavra-passe para { $business_name }
email-password-reset-preview = Introduza o código no prazo de { $expires_in } para escolher uma nova palavra-passe.
email-password-reset-body = Introduza este código para escolher uma nova palavra-passe para { $business_name }:
email-password-reset-disclaimer = Não partilhe este código com ninguém. Se não pediu uma nova palavra-passe, pode ignorar este e-mail: a sua palavra-passe mantém-se igual.

email-verify-subject = Confirme o seu endereço de e-mail para { $business_name }
email-verify-preview = Introduza o código no prazo de { $expires_in } para confirmar o seu endereço.
email-verify-body = Introduza este código para confirmar o seu endereço de e-mail para { $business_name }:
email-verify-disclaimer = Não partilhe este código com ninguém. Se não o pediu, pode ignorar este e-mail: alguém pode ter escrito o seu endereço por engano.

### Emails without a code.

# To somebody who was added to the team by hand.
# Few letters with marks: spam filters that take the language for another one count them, above all in subjects.
email-invitation-subject = Convite para integrar a equipa de { $business_name }
email-invitation-preview = Aceite o convite para integrar a equipa.
email-invitation-body = Recebeu um convite para integrar a equipa de { $business_name }.
email-invitation-body-by = { $inviter_name } enviou-lhe um convite para integrar a equipa de { $business_name }.
# The button.
email-invitation-action = Aceitar o convite
email-invitation-disclaimer = Se não conhece { $business_name }, pode ignorar este e-mail: nada acontece se não aceitar.

# To every owner, when somebody asks for an export.
email-export-subject = Exportação de dados pedida em { $business_name }
email-export-preview = Verifique se tem conhecimento desta exportação.
email-export-body = Alguém pediu uma exportação dos dados de { $business_name }.
email-export-body-by = { $actor_name } pediu uma exportação dos dados de { $business_name }.
email-export-time = Hora do pedido: { $requested_at }
# The button.
email-export-action = Rever a exportação
email-export-disclaimer = Este e-mail é enviado aos proprietários de { $business_name }. Se esperava esta exportação, não precisa de fazer nada. Caso contrário, remova o acesso de quem a pediu e altere a sua palavra-passe.
