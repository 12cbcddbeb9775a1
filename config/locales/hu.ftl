# Hungarian.

### Text messages.

sms-sign-in = { $code } az egyszeri kódja a belépéshez: { $host }
sms-verification-code = Az Ön ellenőrző kódja: { $code }

### Emails with a code.

# In the nominative.
email-life-minutes = { $minutes ->
    [one] { $minutes } perc
   *[other] { $minutes } perc
}

email-life-hours = { $hours ->
    [one] { $hours } óra
   *[other] { $hours } óra
}

email-expiry = Ez a kód egyszer használható, és { $expires_in } múlva lejár.

email-sign-in-subject = Belépési kód a(z) { $business_name } fiókjához
email-sign-in-preview = A kód { $expires_in } múlva lejár. Írja be a belépéshez.
email-sign-in-body = A(z) { $business_name } fiókjába való belépéshez írja be ezt a kódot:
email-sign-in-disclaimer = Ne ossza meg ezt a kódot senkivel. Ha nem Ön kérte, hagyja figyelmen kívül ezt az e-mailt: a kód nélkül senki sem tud belépni az Ön címével.

email-sign-up-subject = Regisztrációs kód a(z) { $business_name } fiókjához
email-sign-up-preview = A kód { $expires_in } múlva lejár. Írja be a regisztráció befejezéséhez.
email-sign-up-body = A(z) { $business_name } fiókja regisztrációjának befejezéséhez írja be ezt a kódot:
email-sign-up-disclaimer = Ne ossza meg ezt a kódot senkivel. Ha nem Ön regisztrált, hagyja figyelmen kívül ezt az e-mailt: lehet, hogy valaki tévedésből adta meg az Ön címét.

email-mfa-subject = Ellenőrző kód a(z) { $business_name } fiókjához
email-mfa-preview = A kód { $expires_in } múlva lejár. Írja be a belépés befejezéséhez.
email-mfa-body = A(z) { $business_name } fiókjába való belépés befejezéséhez írja be ezt a kódot:
email-mfa-disclaimer = Ne ossza meg ezt a kódot senkivel. Ha most nem Ön lép be, lehet, hogy valaki más ismeri a jelszavát, ezért változtassa meg.

email-password-reset-subject = Új jelszó beállítása a(z) { $business_name } fiókjához
email-password-reset-preview = A kód { $expires_in } múlva lejár. Írja be az új jelszó megadásához.
email-password-reset-body = A(z) { $business_name } fiókjához tartozó új jelszó megadásához írja be ezt a kódot:
email-password-reset-disclaimer = Ne ossza meg ezt a kódot senkivel. Ha nem Ön kért új jelszót, hagyja figyelmen kívül ezt az e-mailt: a jelszava nem változik.

email-verify-subject = Erősítse meg a(z) { $business_name } fiókjához tartozó e-mail-címét
email-verify-preview = A kód { $expires_in } múlva lejár. Írja be a címe megerősítéséhez.
email-verify-body = A(z) { $business_name } fiókjához tartozó e-mail-címe megerősítéséhez írja be ezt a kódot:
email-verify-disclaimer = Ne ossza meg ezt a kódot senkivel. Ha nem Ön kérte, hagyja figyelmen kívül ezt az e-mailt: lehet, hogy valaki tévedésből adta meg az Ön címét.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Meghívó a(z) { $business_name } csapatába
email-invitation-preview = Fogadja el a meghívót, hogy csatlakozzon a csapathoz.
email-invitation-body = Meghívót kapott a(z) { $business_name } csapatába.
email-invitation-body-by = { $inviter_name } meghívja Önt a(z) { $business_name } csapatába.
# The button.
email-invitation-action = Meghívó elfogadása
email-invitation-disclaimer = Ha a(z) { $business_name } név nem ismerős Önnek, hagyja figyelmen kívül ezt az e-mailt: semmi sem történik, amíg el nem fogadja a meghívót.

# To every owner, when somebody asks for an export.
email-export-subject = A(z) { $business_name } adatainak exportálását kérték
email-export-preview = Ellenőrizze, hogy tud-e erről az exportálásról.
email-export-body = Valaki kérte a(z) { $business_name } adatainak exportálását.
email-export-body-by = { $actor_name } kérte a(z) { $business_name } adatainak exportálását.
email-export-time = A kérés időpontja: { $requested_at }
# The button.
email-export-action = Exportálás ellenőrzése
email-export-disclaimer = Ezt az e-mailt a(z) { $business_name } tulajdonosaként kapja. Ha számított az exportálásra, nincs teendője. Ha nem, vonja meg a hozzáférést attól, aki kérte, és változtassa meg a jelszavát.
