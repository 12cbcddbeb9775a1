# Latvian.

### Text messages.

sms-sign-in = { $code } ir vienreizlietojams kods, lai pieteiktos { $host }
sms-verification-code = Jūsu verifikācijas kods ir { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [zero] { $minutes } minūtes
    [one] { $minutes } minūti
   *[other] { $minutes } minūtes
}

email-life-hours = { $hours ->
    [zero] { $hours } stundas
    [one] { $hours } stundu
   *[other] { $hours } stundas
}

email-expiry = Šis kods ir vienreizlietojams un derīgs { $expires_in }.

email-sign-in-subject = Jūsu { $business_name } pieteikšanās kods
email-sign-in-preview = Kods ir derīgs { $expires_in }. Ievadiet to, lai pieteiktos.
email-sign-in-body = Ievadiet šo kodu, lai pieteiktos { $business_name } kontā:
email-sign-in-disclaimer = Neizpaudiet šo kodu nevienam. Ja to nepieprasījāt, varat ignorēt šo e-pasta ziņojumu: bez koda neviens nevar pieteikties ar jūsu adresi.

email-sign-up-subject = Jūsu { $business_name } reģistrācijas kods
email-sign-up-preview = Kods ir derīgs { $expires_in }. Ievadiet to, lai pabeigtu reģistrāciju.
email-sign-up-body = Ievadiet šo kodu, lai pabeigtu { $business_name } konta reģistrāciju:
email-sign-up-disclaimer = Neizpaudiet šo kodu nevienam. Ja nereģistrējāties, varat ignorēt šo e-pasta ziņojumu: iespējams, kāds jūsu adresi ievadīja kļūdas dēļ.

email-mfa-subject = Jūsu { $business_name } verifikācijas kods
email-mfa-preview = Kods ir derīgs { $expires_in }. Ievadiet to, lai pabeigtu pieteikšanos.
email-mfa-body = Ievadiet šo kodu, lai pabeigtu pieteikšanos { $business_name } kontā:
email-mfa-disclaimer = Neizpaudiet šo kodu nevienam. Ja pašlaik nepiesakāties, iespējams, kāds cits zina jūsu paroli, tāpēc to vajadzētu nomainīt.

email-password-reset-subject = Atiestatiet savu { $business_name } paroli
email-password-reset-preview = Kods ir derīgs { $expires_in }. Ievadiet to, lai izvēlētos jaunu paroli.
email-password-reset-body = Ievadiet šo kodu, lai izvēlētos jaunu { $business_name } konta paroli:
email-password-reset-disclaimer = Neizpaudiet šo kodu nevienam. Ja jaunu paroli nepieprasījāt, varat ignorēt šo e-pasta ziņojumu: jūsu parole netiks mainīta.

email-verify-subject = Apstipriniet savu { $business_name } konta e-pasta adresi
email-verify-preview = Kods ir derīgs { $expires_in }. Ievadiet to, lai apstiprinātu savu adresi.
email-verify-body = Ievadiet šo kodu, lai apstiprinātu savu { $business_name } konta e-pasta adresi:
email-verify-disclaimer = Neizpaudiet šo kodu nevienam. Ja to nepieprasījāt, varat ignorēt šo e-pasta ziņojumu: iespējams, kāds jūsu adresi ievadīja kļūdas dēļ.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Uzaicinājums pievienoties { $business_name } komandai
email-invitation-preview = Pieņemiet uzaicinājumu pievienoties komandai.
email-invitation-body = Jūs aicina pievienoties { $business_name } komandai.
email-invitation-body-by = { $inviter_name } aicina jūs pievienoties { $business_name } komandai.
# The button.
email-invitation-action = Pieņemt uzaicinājumu
email-invitation-disclaimer = Ja nezināt, kas ir { $business_name }, varat ignorēt šo e-pasta ziņojumu: ja uzaicinājumu nepieņemsiet, nekas nenotiks.

# To every owner, when somebody asks for an export.
email-export-subject = Pieprasīts { $business_name } datu eksports
email-export-preview = Pārbaudiet, vai zināt par šo eksportu.
email-export-body = Kāds pieprasīja { $business_name } datu eksportu.
email-export-body-by = { $actor_name } pieprasīja { $business_name } datu eksportu.
email-export-time = Pieprasījuma laiks: { $requested_at }
# The button.
email-export-action = Pārskatīt eksportu
email-export-disclaimer = Šis e-pasta ziņojums tiek sūtīts { $business_name } īpašniekiem. Ja eksports bija gaidāms, jums nekas nav jādara. Ja ne, atņemiet piekļuvi personai, kas to pieprasīja, un nomainiet savu paroli.
