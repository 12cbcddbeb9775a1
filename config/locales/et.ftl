# Estonian.

### Text messages.

sms-sign-in = { $code } on teie ühekordne kood sisselogimiseks saidile { $host }
sms-verification-code = Teie kinnituskood on { $code }

### Emails with a code.

# In the genitive.
email-life-minutes = { $minutes ->
    [one] { $minutes } minuti
   *[other] { $minutes } minuti
}

email-life-hours = { $hours ->
    [one] { $hours } tunni
   *[other] { $hours } tunni
}

email-expiry = Seda koodi saab kasutada ühe korra { $expires_in } jooksul.

email-sign-in-subject = Teie { $business_name } sisselogimiskood
email-sign-in-preview = Sisestage kood { $expires_in } jooksul, et sisse logida.
email-sign-in-body = Sisestage see kood, et { $business_name } kontole sisse logida:
email-sign-in-disclaimer = Ärge jagage seda koodi kellegagi. Kui te ei ole seda küsinud, võite seda e-kirja eirata: ilma koodita ei saa keegi teie aadressiga sisse logida.

email-sign-up-subject = Teie { $business_name } registreerimiskood
email-sign-up-preview = Sisestage kood { $expires_in } jooksul, et registreerimine lõpetada.
email-sign-up-body = Sisestage see kood, et { $business_name } konto registreerimine lõpetada:
email-sign-up-disclaimer = Ärge jagage seda koodi kellegagi. Kui te ei ole registreerunud, võite seda e-kirja eirata: võib-olla sisestas keegi teie aadressi kogemata.

email-mfa-subject = Teie { $business_name } kinnituskood
email-mfa-preview = Sisestage kood { $expires_in } jooksul, et sisselogimine lõpetada.
email-mfa-body = Sisestage see kood, et { $business_name } kontole sisselogimine lõpetada:
email-mfa-disclaimer = Ärge jagage seda koodi kellegagi. Kui te praegu sisse ei logi, võib keegi teine teie parooli teada ja te peaksite selle muutma.

# Few letters with marks: spam filters that take the language for another one count them, above all in subjects.
email-password-reset-subject = Teie { $business_name } konto parooli lähtestamine
email-password-reset-preview = Sisestage kood { $expires_in } jooksul, et valida uus parool.
email-password-reset-body = Sisestage see kood, et valida oma { $business_name } kontole uus parool:
email-password-reset-disclaimer = Ärge jagage seda koodi kellegagi. Kui te ei ole uut parooli küsinud, võite seda e-kirja eirata: teie parool ei muutu.

email-verify-subject = Kinnitage oma { $business_name } konto e-posti aadress
email-verify-preview = Sisestage kood { $expires_in } jooksul, et oma aadress kinnitada.
email-verify-body = Sisestage see kood, et kinnitada oma { $business_name } konto e-posti aadress:
email-verify-disclaimer = Ärge jagage seda koodi kellegagi. Kui te ei ole seda küsinud, võite seda e-kirja eirata: võib-olla sisestas keegi teie aadressi kogemata.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Kutse liituda { $business_name } tiimiga
email-invitation-preview = Võtke kutse vastu, et tiimiga liituda.
email-invitation-body = Teid kutsutakse liituma { $business_name } tiimiga.
email-invitation-body-by = { $inviter_name } kutsub teid liituma { $business_name } tiimiga.
# The button.
email-invitation-action = Võtke kutse vastu
email-invitation-disclaimer = Kui { $business_name } ei ole teile tuttav, võite seda e-kirja eirata: kui te kutset vastu ei võta, ei juhtu midagi.

# To every owner, when somebody asks for an export.
email-export-subject = Taotlus { $business_name } andmete eksportimiseks
email-export-preview = Kontrollige, kas olete sellest ekspordist teadlik.
email-export-body = Keegi taotles { $business_name } andmete eksporti.
email-export-body-by = { $actor_name } taotles { $business_name } andmete eksporti.
email-export-time = Taotluse aeg: { $requested_at }
# The button.
email-export-action = Vaadake eksport üle
email-export-disclaimer = Saate selle e-kirja, kuna olete üks { $business_name } omanikest. Kui see eksport oli oodatud, ei pea te midagi tegema. Kui mitte, eemaldage selle taotleja juurdepääs ja muutke oma parool.
