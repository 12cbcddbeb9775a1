# Portuguese (Brazil).

### Text messages.

sms-sign-in = { $code } é seu código único para entrar em { $host }
sms-verification-code = Seu código de verificação é { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
}

email-life-hours = { $hours ->
    [one] { $hours } hora
   *[other] { $hours } horas
}

email-expiry = Este código só pode ser usado uma vez e vale por { $expires_in }.

email-sign-in-subject = Seu código para entrar em { $business_name }
email-sign-in-preview = Digite o código em até { $expires_in } para entrar.
email-sign-in-body = Digite este código para entrar em { $business_name }:
email-sign-in-disclaimer = Não compartilhe este código com ninguém. Se você não pediu o código, pode ignorar este e-mail: ninguém consegue entrar com o seu endereço sem ele.

email-sign-up-subject = Seu código para se cadastrar em { $business_name }
email-sign-up-preview = Digite o código em até { $expires_in } para concluir o cadastro.
email-sign-up-body = Digite este código para concluir o cadastro em { $business_name }:
email-sign-up-disclaimer = Não compartilhe este código com ninguém. Se você não se cadastrou, pode ignorar este e-mail: talvez alguém tenha digitado o seu endereço por engano.

email-mfa-subject = Seu código de verificação para { $business_name }
email-mfa-preview = Digite o código em até { $expires_in } para concluir o login.
email-mfa-body = Digite este código para concluir o login em { $business_name }:
email-mfa-disclaimer = Não compartilhe este código com ninguém. Se você não está tentando entrar, outra pessoa pode saber sua senha, e você deve alterá-la.

email-password-reset-subject = Redefina sua senha para { $business_name }
email-password-reset-preview = Digite o código em até { $expires_in } para escolher uma nova senha.
email-password-reset-body = Digite este código para escolher uma nova senha para { $business_name }:
email-password-reset-disclaimer = Não compartilhe este código com ninguém. Se você não pediu uma nova senha, pode ignorar este e-mail: sua senha continua a mesma.

email-verify-subject = Confirme seu endereço de e-mail para { $business_name }
email-verify-preview = Digite o código em até { $expires_in } para confirmar seu endereço.
email-verify-body = Digite este código para confirmar seu endereço de e-mail para { $business_name }:
email-verify-disclaimer = Não compartilhe este código com ninguém. Se você não pediu o código, pode ignorar este e-mail: talvez alguém tenha digitado o seu endereço por engano.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Convite para entrar na equipe de { $business_name }
email-invitation-preview = Aceite o convite para entrar na equipe.
email-invitation-body = Você recebeu um convite para entrar na equipe de { $business_name }.
email-invitation-body-by = { $inviter_name } convida você para entrar na equipe de { $business_name }.
# The button.
email-invitation-action = Aceitar o convite
email-invitation-disclaimer = Se você não conhece { $business_name }, pode ignorar este e-mail: nada acontece se você não aceitar.

# To every owner, when somebody asks for an export.
email-export-subject = Exportação de dados solicitada em { $business_name }
email-export-preview = Verifique se você sabe desta exportação.
email-export-body = Alguém solicitou uma exportação dos dados de { $business_name }.
email-export-body-by = { $actor_name } solicitou uma exportação dos dados de { $business_name }.
email-export-time = Horário da solicitação: { $requested_at }
# The button.
email-export-action = Revisar a exportação
email-export-disclaimer = Este e-mail é enviado aos proprietários de { $business_name }. Se você esperava esta exportação, não precisa fazer nada. Caso contrário, remova o acesso de quem fez a solicitação e altere sua senha.
