# Lithuanian.

### Text messages.

sms-sign-in = { $code } yra vienkartinis kodas prisijungti prie { $host }
sms-verification-code = Patvirtinimo kodas: { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } minutę
    [few] { $minutes } minutes
   *[other] { $minutes } minučių
}

email-life-hours = { $hours ->
    [one] { $hours } valandą
    [few] { $hours } valandas
   *[other] { $hours } valandų
}

email-expiry = Šis kodas yra vienkartinis ir galioja { $expires_in }.

email-sign-in-subject = Jūsų { $business_name } prisijungimo kodas
email-sign-in-preview = Įveskite jį per { $expires_in }, kad prisijungtumėte.
email-sign-in-body = Įveskite šį kodą, kad prisijungtumėte prie { $business_name } paskyros:
email-sign-in-disclaimer = Niekam neatskleiskite šio kodo. Jei jo neprašėte, į šį laišką galite nekreipti dėmesio: be kodo niekas negali prisijungti jūsų adresu.

email-sign-up-subject = Jūsų { $business_name } registracijos kodas
email-sign-up-preview = Įveskite jį per { $expires_in }, kad užbaigtumėte registraciją.
email-sign-up-body = Įveskite šį kodą, kad užbaigtumėte { $business_name } paskyros registraciją:
email-sign-up-disclaimer = Niekam neatskleiskite šio kodo. Jei nesiregistravote, į šį laišką galite nekreipti dėmesio: galbūt kas nors per klaidą įvedė jūsų adresą.

email-mfa-subject = Jūsų { $business_name } patvirtinimo kodas
email-mfa-preview = Įveskite jį per { $expires_in }, kad užbaigtumėte prisijungimą.
email-mfa-body = Įveskite šį kodą, kad užbaigtumėte prisijungimą prie { $business_name } paskyros:
email-mfa-disclaimer = Niekam neatskleiskite šio kodo. Jei šiuo metu nesijungiate, jūsų slaptažodį gali žinoti kas nors kitas, todėl turėtumėte jį pakeisti.

email-password-reset-subject = Iš naujo nustatykite { $business_name } slaptažodį
email-password-reset-preview = Įveskite kodą per { $expires_in }, kad pasirinktumėte naują slaptažodį.
email-password-reset-body = Įveskite šį kodą, kad pasirinktumėte naują { $business_name } paskyros slaptažodį:
email-password-reset-disclaimer = Niekam neatskleiskite šio kodo. Jei naujo slaptažodžio neprašėte, į šį laišką galite nekreipti dėmesio: jūsų slaptažodis lieka toks pats.

email-verify-subject = Patvirtinkite savo { $business_name } paskyros el. pašto adresą
email-verify-preview = Įveskite kodą per { $expires_in }, kad patvirtintumėte savo adresą.
email-verify-body = Įveskite šį kodą, kad patvirtintumėte savo { $business_name } paskyros el. pašto adresą:
email-verify-disclaimer = Niekam neatskleiskite šio kodo. Jei jo neprašėte, į šį laišką galite nekreipti dėmesio: galbūt kas nors per klaidą įvedė jūsų adresą.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Kvietimas į { $business_name } komandą
email-invitation-preview = Priimkite kvietimą prisijungti prie komandos.
email-invitation-body = Jus kviečia prisijungti prie { $business_name } komandos.
email-invitation-body-by = { $inviter_name } kviečia jus prisijungti prie { $business_name } komandos.
# The button.
email-invitation-action = Priimti kvietimą
email-invitation-disclaimer = Jei nežinote, kas yra { $business_name }, į šį laišką galite nekreipti dėmesio: jei kvietimo nepriimsite, nieko neįvyks.

# To every owner, when somebody asks for an export.
email-export-subject = Paprašyta eksportuoti { $business_name } duomenis
email-export-preview = Patikrinkite, ar žinote apie šį duomenų eksportą.
email-export-body = Kažkas paprašė eksportuoti { $business_name } duomenis.
email-export-body-by = { $actor_name } paprašė eksportuoti { $business_name } duomenis.
email-export-time = Prašymo laikas: { $requested_at }
# The button.
email-export-action = Peržiūrėti eksportą
email-export-disclaimer = Šis laiškas siunčiamas { $business_name } savininkams. Jei šio eksporto tikėjotės, nieko daryti nereikia. Jei ne, panaikinkite jo paprašiusio asmens prieigą ir pakeiskite savo slaptažodį.
