# Filipino.

### Text messages.

sms-sign-in = { $code } ang iyong one-time code para mag-sign in sa { $host }
sms-verification-code = Ang iyong verification code ay { $code }

### Emails with a code.

# "one" is every number that does not end in four, six or nine; the others take the linker "na".
email-life-minutes = { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } na minuto
}

email-life-hours = { $hours ->
    [one] { $hours } oras
   *[other] { $hours } na oras
}

email-expiry = Isang beses lang magagamit ang code na ito, sa loob ng { $expires_in }.

email-sign-in-subject = Ang iyong code para mag-sign in sa { $business_name }
email-sign-in-preview = Ilagay ito sa loob ng { $expires_in } para mag-sign in.
email-sign-in-body = Ilagay ang code na ito para mag-sign in sa { $business_name }:
email-sign-in-disclaimer = Huwag ibahagi ang code na ito kahit kanino. Kung hindi mo ito hiniling, puwede mong balewalain ang email na ito: walang makakapag-sign in gamit ang iyong address kung wala ang code.

email-sign-up-subject = Ang iyong code para mag-sign up sa { $business_name }
email-sign-up-preview = Ilagay ito sa loob ng { $expires_in } para tapusin ang pag-sign up.
email-sign-up-body = Ilagay ang code na ito para tapusin ang pag-sign up sa { $business_name }:
email-sign-up-disclaimer = Huwag ibahagi ang code na ito kahit kanino. Kung hindi ka nag-sign up, puwede mong balewalain ang email na ito: maaaring may nagkamali at nailagay ang iyong address.

email-mfa-subject = Ang iyong verification code para sa { $business_name }
email-mfa-preview = Ilagay ito sa loob ng { $expires_in } para tapusin ang pag-sign in.
email-mfa-body = Ilagay ang code na ito para tapusin ang pag-sign in sa { $business_name }:
email-mfa-disclaimer = Huwag ibahagi ang code na ito kahit kanino. Kung hindi ka nagsa-sign in, maaaring may ibang nakakaalam ng iyong password, at dapat mo itong palitan.

email-password-reset-subject = I-reset ang iyong password para sa { $business_name }
email-password-reset-preview = Ilagay ang code sa loob ng { $expires_in } para pumili ng bagong password.
email-password-reset-body = Ilagay ang code na ito para pumili ng bagong password para sa { $business_name }:
email-password-reset-disclaimer = Huwag ibahagi ang code na ito kahit kanino. Kung hindi ka humiling ng bagong password, puwede mong balewalain ang email na ito: hindi magbabago ang iyong password.

email-verify-subject = Kumpirmahin ang iyong email address para sa { $business_name }
email-verify-preview = Ilagay ang code sa loob ng { $expires_in } para kumpirmahin ang iyong address.
email-verify-body = Ilagay ang code na ito para kumpirmahin ang iyong email address para sa { $business_name }:
email-verify-disclaimer = Huwag ibahagi ang code na ito kahit kanino. Kung hindi mo ito hiniling, puwede mong balewalain ang email na ito: maaaring may nagkamali at nailagay ang iyong address.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Imbitasyon na sumali sa { $business_name }
email-invitation-preview = Tanggapin ang imbitasyon para sumali sa team.
email-invitation-body = Iniimbitahan kang sumali sa team ng { $business_name }.
email-invitation-body-by = Iniimbitahan ka ni { $inviter_name } na sumali sa team ng { $business_name }.
# The button.
email-invitation-action = Tanggapin ang imbitasyon
email-invitation-disclaimer = Kung hindi mo kilala ang { $business_name }, puwede mong balewalain ang email na ito: walang mangyayari maliban kung tatanggapin mo ang imbitasyon.

# To every owner, when somebody asks for an export.
email-export-subject = May humiling ng pag-export ng data sa { $business_name }
email-export-preview = Tiyaking alam mo ang tungkol sa pag-export na ito.
email-export-body = May humiling na i-export ang data ng { $business_name }.
email-export-body-by = Hiniling ni { $actor_name } na i-export ang data ng { $business_name }.
email-export-time = Oras ng kahilingan: { $requested_at }
# The button.
email-export-action = Suriin ang pag-export
email-export-disclaimer = Natanggap mo ang email na ito bilang may-ari ng { $business_name }. Kung inaasahan mo ang pag-export, wala kang kailangang gawin. Kung hindi, alisin ang access ng humiling nito, at palitan ang iyong password.
