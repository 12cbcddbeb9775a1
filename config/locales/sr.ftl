# Serbian.

### Text messages.

sms-sign-in = { $code } је једнократни код за пријаву на { $host }
sms-verification-code = Ваш верификациони код је { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } минут
    [few] { $minutes } минута
   *[other] { $minutes } минута
}

email-life-hours = { $hours ->
    [one] { $hours } сат
    [few] { $hours } сата
   *[other] { $hours } сати
}

email-expiry = Овај код је једнократан и важи { $expires_in }.

email-sign-in-subject = Ваш код за пријаву на налог { $business_name }
email-sign-in-preview = Код важи { $expires_in }. Унесите га да бисте се пријавили.
email-sign-in-body = Унесите овај код да бисте се пријавили на налог { $business_name }:
email-sign-in-disclaimer = Не делите овај код ни са ким. Ако га нисте тражили, можете занемарити ову поруку: без кода нико не може да се пријави помоћу ваше адресе.

email-sign-up-subject = Ваш код за регистрацију налога { $business_name }
email-sign-up-preview = Код важи { $expires_in }. Унесите га да бисте довршили регистрацију.
email-sign-up-body = Унесите овај код да бисте довршили регистрацију налога { $business_name }:
email-sign-up-disclaimer = Не делите овај код ни са ким. Ако се нисте регистровали, можете занемарити ову поруку: можда је неко грешком унео вашу адресу.

email-mfa-subject = Ваш верификациони код за налог { $business_name }
email-mfa-preview = Код важи { $expires_in }. Унесите га да бисте довршили пријаву.
email-mfa-body = Унесите овај код да бисте довршили пријаву на налог { $business_name }:
email-mfa-disclaimer = Не делите овај код ни са ким. Ако се управо не пријављујете, неко други можда зна вашу лозинку и требало би да је промените.

email-password-reset-subject = Ресетујте лозинку за налог { $business_name }
email-password-reset-preview = Код важи { $expires_in }. Унесите га да бисте изабрали нову лозинку.
email-password-reset-body = Унесите овај код да бисте изабрали нову лозинку за налог { $business_name }:
email-password-reset-disclaimer = Не делите овај код ни са ким. Ако нисте тражили нову лозинку, можете занемарити ову поруку: ваша лозинка остаје иста.

email-verify-subject = Потврдите имејл адресу за налог { $business_name }
email-verify-preview = Код важи { $expires_in }. Унесите га да бисте потврдили своју адресу.
email-verify-body = Унесите овај код да бисте потврдили имејл адресу за налог { $business_name }:
email-verify-disclaimer = Не делите овај код ни са ким. Ако га нисте тражили, можете занемарити ову поруку: можда је неко грешком унео вашу адресу.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Позивница за тим { $business_name }
email-invitation-preview = Прихватите позивницу да бисте се придружили тиму.
email-invitation-body = Позивамо вас да се придружите тиму { $business_name }.
email-invitation-body-by = { $inviter_name } вас позива да се придружите тиму { $business_name }.
# The button.
email-invitation-action = Прихвати позивницу
email-invitation-disclaimer = Ако вам назив { $business_name } није познат, можете занемарити ову поруку: ништа се неће догодити ако не прихватите позивницу.

# To every owner, when somebody asks for an export.
email-export-subject = Захтев за извоз података организације { $business_name }
email-export-preview = Проверите да ли знате за овај извоз.
email-export-body = Неко тражи извоз података организације { $business_name }.
email-export-body-by = { $actor_name } тражи извоз података организације { $business_name }.
email-export-time = Време захтева: { $requested_at }
# The button.
email-export-action = Прегледај извоз
email-export-disclaimer = Ову поруку добијају власници организације { $business_name }. Ако сте очекивали овај извоз, не морате ништа да радите. Ако нисте, уклоните приступ особи која га тражи и промените своју лозинку.
