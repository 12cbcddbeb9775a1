# Spanish.

### Text messages.

# "clave" and not "código", which GSM-7 cannot write.
sms-sign-in = { $code } es tu clave de un solo uso para entrar en { $host }
sms-verification-code = Tu código de verificación es { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
}

email-life-hours = { $hours ->
    [one] { $hours } hora
   *[other] { $hours } horas
}

email-expiry = Este código solo se puede usar una vez y es válido durante { $expires_in }.

email-sign-in-subject = Tu código para iniciar sesión en { $business_name }
email-sign-in-preview = Introdúcelo en un plazo de { $expires_in } para iniciar sesión.
email-sign-in-body = Introduce este código para iniciar sesión en { $business_name }:
email-sign-in-disclaimer = No compartas este código con nadie. Si no lo has solicitado, puedes ignorar este correo: nadie puede iniciar sesión con tu dirección sin el código.

email-sign-up-subject = Tu código para registrarte en { $business_name }
email-sign-up-preview = Introdúcelo en un plazo de { $expires_in } para completar el registro.
email-sign-up-body = Introduce este código para completar el registro en { $business_name }:
email-sign-up-disclaimer = No compartas este código con nadie. Si no te has registrado, puedes ignorar este correo: es posible que alguien haya escrito tu dirección por error.

email-mfa-subject = Tu código de verificación para { $business_name }
email-mfa-preview = Introdúcelo en un plazo de { $expires_in } para completar el inicio de sesión.
email-mfa-body = Introduce este código para completar el inicio de sesión en { $business_name }:
email-mfa-disclaimer = No compartas este código con nadie. Si no estás iniciando sesión, es posible que otra persona sepa tu contraseña y deberías cambiarla.

email-password-reset-subject = Restablece tu contraseña de { $business_name }
email-password-reset-preview = Introduce el código en un plazo de { $expires_in } para elegir una contraseña nueva.
email-password-reset-body = Introduce este código para elegir una contraseña nueva en { $business_name }:
email-password-reset-disclaimer = No compartas este código con nadie. Si no has solicitado una contraseña nueva, puedes ignorar este correo: tu contraseña sigue siendo la misma.

email-verify-subject = Confirma tu dirección de correo electrónico para { $business_name }
email-verify-preview = Introduce el código en un plazo de { $expires_in } para confirmar tu dirección.
email-verify-body = Introduce este código para confirmar tu dirección de correo electrónico para { $business_name }:
email-verify-disclaimer = No compartas este código con nadie. Si no lo has solicitado, puedes ignorar este correo: es posible que alguien haya escrito tu dirección por error.

### Emails without a code.

# To somebody who was added to the team by hand.
# Few letters with marks: spam filters that take the language for another one count them, above all in subjects.
email-invitation-subject = Te han invitado a unirte a { $business_name }
email-invitation-preview = Acepta la invitación para unirte al equipo.
email-invitation-body = Has recibido una invitación para unirte al equipo de { $business_name }.
email-invitation-body-by = { $inviter_name } te invita a unirte al equipo de { $business_name }.
# The button.
email-invitation-action = Aceptar la invitación
email-invitation-disclaimer = Si { $business_name } no te resulta familiar, puedes ignorar este correo: no pasará nada a menos que aceptes.

# To every owner, when somebody asks for an export.
email-export-subject = Solicitud de exportación de datos en { $business_name }
email-export-preview = Comprueba que estás al tanto de esta exportación.
email-export-body = Alguien ha solicitado una exportación de los datos de { $business_name }.
email-export-body-by = { $actor_name } ha solicitado una exportación de los datos de { $business_name }.
email-export-time = Fecha y hora de la solicitud: { $requested_at }
# The button.
email-export-action = Revisar la exportación
email-export-disclaimer = Recibes este correo porque figuras entre los propietarios de { $business_name }. Si esperabas la exportación, no tienes que hacer nada. De lo contrario, retira el acceso a quien la haya solicitado y cambia tu contraseña.
